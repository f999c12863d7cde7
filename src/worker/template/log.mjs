/** The output of tools as LOG frames; each is out of the tool's reach before the printing function returns. */
import { begin, finishAside, putByte, putBytes, putF64, putText, putU32 } from './channel.mjs'
import { charCodeAt, now, slice, view } from './primordials.mjs'
import { LEVEL, LOG } from './protocol.mjs'

/** The host accepts frames of 16 MiB; one UTF-16 unit has at most three bytes. */
const PIECE = 4 * 1024 * 1024

/** The number of the call that is printing, 0 when none can be named. Set by current-call.mjs. @type {() => number} */
let printingCall = () => 0
/** @param {() => number} attribute */
export function attributeLogs(attribute) {
  printingCall = attribute
}

/** @param {number} stream @param {number} level */
function beginLog(stream, level) {
  const start = begin(LOG)
  putU32(printingCall())
  putByte(stream)
  putByte(level)
  putF64(now())
  return start
}

/** One entry, without a line end. @param {number} stream @param {number} level @param {string} text */
export function logText(stream, level, text) {
  let from = 0
  do {
    let to = from + PIECE < text.length ? from + PIECE : text.length
    // Never cut between the halves of a surrogate pair.
    if (to < text.length && (charCodeAt(text, to - 1) & 0xfc00) === 0xd800) to--
    const start = beginLog(stream, level)
    putText(to - from === text.length ? text : slice(text, from, to))
    finishAside(start)
    from = to
  } while (from < text.length)
}

/** A piece of a stream, unmodified. @param {number} stream @param {Uint8Array} bytes */
export function logRaw(stream, bytes) {
  for (let from = 0; from < bytes.length; from += PIECE) {
    const start = beginLog(stream, LEVEL.raw)
    putBytes(bytes.length <= PIECE ? bytes : view(bytes, from, from + PIECE < bytes.length ? from + PIECE : bytes.length))
    finishAside(start)
  }
}
