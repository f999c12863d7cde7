/**
 * Reads results that are not values but provide bytes: Response, Blob, web streams and Node's readable streams. JSON
 * would make an empty object of each of them. They are read as text, up to the largest allowed result.
 */
import { asyncIterator, byteLength, copyInto, newBuffer, promiseThen, push, TypeErrorOf, utf8Write, view } from './primordials.mjs'
import { isObject } from './values.mjs'

/** @param {unknown} method */
const isMethod = (method) => typeof method === 'function'

/** An object that defines its own JSON form is a value. @param {any} value */
const isData = (value) => isMethod(value.toJSON)

/** Whether a value provides bytes. @param {any} value */
export const isBody = (value) =>
  !isData(value) && (isMethod(value.getReader) || isMethod(value.arrayBuffer) || (isMethod(value.pipe) && isMethod(value[asyncIterator])))

/**
 * Whether a value provides values one after the other, like the result of an async function* or a function*.
 * @param {any} value
 */
export const isSequence = (value) =>
  !isData(value) && isMethod(value.next) && (isMethod(value[asyncIterator]) || isMethod(value[Symbol.iterator]))

/**
 * The text of a body. The body is asked to stop when it is longer than `most`.
 * @param {any} body
 * @param {number} most bytes
 * @returns {Promise<{ text: string } | { tooLong: number }>}
 */
export async function readBody(body, most) {
  // A Response without a body has nothing to read; a Blob creates a stream on request.
  const source = isMethod(body.arrayBuffer) && !isMethod(body.getReader) ? (isMethod(body.stream) ? body.stream() : body.body) : body
  if (!isObject(source)) return { text: '' }
  /** @type {Uint8Array[]} */
  const pieces = []
  let length = 0
  const take = (/** @type {any} */ piece) => {
    const bytes = bytesOf(piece)
    length += bytes.length
    push(pieces, bytes)
    return length <= most
  }
  if (isMethod(source.getReader)) await readStream(source, take)
  else await readIterable(source, take)
  return length > most ? { tooLong: length } : { text: decodePieces(pieces, length) }
}

/** @param {any} stream @param {(piece: any) => boolean} take */
async function readStream(stream, take) {
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    // The producer need not continue; how it reacts to that is its own affair.
    if (!take(value)) return void promiseThen(reader.cancel(), undefined, () => {})
  }
}

/** Leaving the loop destroys a Node stream. @param {any} source @param {(piece: any) => boolean} take */
async function readIterable(source, take) {
  for await (const piece of source) if (!take(piece)) return
}

/** @param {any} piece @returns {Uint8Array} */
function bytesOf(piece) {
  if (typeof piece === 'string') {
    const bytes = newBuffer(byteLength(piece))
    utf8Write(bytes, piece, 0, bytes.length)
    return bytes
  }
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
  throw new TypeErrorOf('a stream that is returned as a result must give text or bytes')
}

/** @param {Uint8Array[]} pieces @param {number} length */
function decodePieces(pieces, length) {
  const all = newBuffer(length)
  let at = 0
  for (let i = 0; i < pieces.length; i++) {
    copyInto(all, pieces[i], at)
    at += pieces[i].length
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(view(all, 0, length))
  } catch {
    throw new TypeErrorOf('what the tool returned holds bytes that are no text: return it as base64, or write it to a file and return the path')
  }
}
