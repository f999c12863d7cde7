/** Frames about a call that has no answer yet. */
import { begin, finish, finishAside, flush, putAscii, putText, putU32 } from './channel.mjs'
import { REHEARSAL } from './current-call.mjs'
import { isDeeper } from './depth.mjs'
import { byteLength, jsonStringify, RangeErrorOf, TypeErrorOf } from './primordials.mjs'
import { ENTERED, MAX_DEPTH, PROGRESS } from './protocol.mjs'
import { settings } from './settings.mjs'

/** @typedef {import('./call.mjs').Call} Call */

/** @param {number} kind @param {Call} call */
export function beginForCall(kind, call) {
  const start = begin(kind)
  putU32(call.number)
  putAscii(call.nonce)
  return start
}

/**
 * Sent before any code of the tool runs, and received by the host before it runs, because the tool's next action may be
 * its last.
 * @param {Call} call
 */
export function sendEntered(call) {
  finish(beginForCall(ENTERED, call))
  if (call.number !== REHEARSAL) flush()
}

/** @param {Call} call @param {unknown} value */
export function sendProgress(call, value) {
  if (call.answered || !call.wantsProgress) return
  const text = jsonStringify(value)
  if (typeof text !== 'string') throw new TypeErrorOf('context.progress takes a value that JSON can carry')
  if (byteLength(text) > settings.maxOutputSize) throw new RangeErrorOf(`a progress value is larger than maxOutputSize (${settings.maxOutputSize} bytes)`)
  if (isDeeper(text, MAX_DEPTH)) throw new RangeErrorOf(`a progress value is nested deeper than ${MAX_DEPTH} levels`)
  const start = beginForCall(PROGRESS, call)
  putText(text)
  finishAside(start)
}
