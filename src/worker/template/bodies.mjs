/**
 * Results that are no values but give bytes: Response, Blob, web streams and Node's readable streams. JSON would make an
 * empty object of each of them. They are read as text, no further than a result may be long.
 */
import { asyncIterator, byteLength, copyInto, newBuffer, promiseThen, push, TypeErrorOf, utf8Write, view } from './primordials.mjs'
import { isObject } from './values.mjs'

/** @param {unknown} method */
const isMethod = (method) => typeof method === 'function'

/** An object that says itself how JSON shows it is a value. @param {any} value */
const isData = (value) => isMethod(value.toJSON)

/** Whether a value gives bytes. @param {any} value */
export const isBody = (value) =>
  !isData(value) && (isMethod(value.getReader) || isMethod(value.arrayBuffer) || (isMethod(value.pipe) && isMethod(value[asyncIterator])))

/** Whether a value gives values, one after the other: what an async function* or a function* returns. @param {any} value */
export const isSequence = (value) =>
  !isData(value) && isMethod(value.next) && (isMethod(value[asyncIterator]) || isMethod(value[Symbol.iterator]))

/**
 * The text of a body. It is told to stop where it is longer than `most`.
 * @param {any} body @param {number} most bytes
 * @returns {Promise<{ text: string } | { tooLong: number }>}
 */
export async function readBody(body, most) {
  // A Response without a body has none to read; a Blob makes a stream when it is asked for one.
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
    // Whoever makes it need not go on; how it takes that is its own affair.
    if (!take(value)) return void promiseThen(reader.cancel(), undefined, () => {})
  }
}

/** Leaving the loop destroys a stream of Node. @param {any} source @param {(piece: any) => boolean} take */
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
