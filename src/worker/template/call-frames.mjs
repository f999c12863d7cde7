/** Frames about a call that has no answer yet. */
import { begin, finish, finishAside, flush, putAscii, putText, putU32 } from './channel.mjs'
import { REHEARSAL } from './current-call.mjs'
import { isDeeper, DEPTH_LIMIT } from './depth.mjs'
import { byteLength, jsonStringify, RangeErrorOf, TypeErrorOf } from './primordials.mjs'
import { settings } from './settings.mjs'

/** @typedef {import('./calls.mjs').Call} Call */

const ENTERED = 0x83
const PROGRESS = 0x85

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
  if (isDeeper(text, DEPTH_LIMIT)) throw new RangeErrorOf(`a progress value is nested deeper than ${DEPTH_LIMIT} levels`)
  const start = beginForCall(PROGRESS, call)
  putText(text)
  finishAside(start)
}
