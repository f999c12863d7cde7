/**
 * One call from its frame to its answer. The answer settles the call, and nothing is sent for it afterwards.
 * The decisions behind it: docs/decisions.md#calls.
 */
import { hasEntryTable, noteEntered } from './entry-table.mjs'
import { isBody, isSequence, readBody } from './bodies.mjs'
import { Call, reasonOf } from './call.mjs'
import { beginForCall, sendEntered, sendProgress } from './call-frames.mjs'
import { finish, flush, flushSoon, putByte, putText, putU32 } from './channel.mjs'
import { addCall, callsInFlight, currentCall, onlyCall, openCall, REHEARSAL, removeCall, runIn } from './current-call.mjs'
import { describe } from './failure.mjs'
import { isOfGroup } from './groups.mjs'
import {
  abort, asyncIterator, byteLength, exit, hasOwn, isFinite, jsonParse, jsonStringify, promiseResolve, promiseThen, round,
} from './primordials.mjs'
import { ABORT_ACK, LEAVING, NO_RETRY_AFTER, RESULT, RETRY, STATUS } from './protocol.mjs'
import { settings } from './settings.mjs'
import { idsText, toolOf } from './tools.mjs'
import { waitFor } from './unanswerable.mjs'
import { isMcpFailure, isObject } from './values.mjs'
import { sendMissed } from './variables.mjs'

/** @typedef {import('./tools.mjs').Tool} Tool */

let ending = false

/** Handles CALL. @param {string} text @param {Tool} [rehearsed] */
export function startCall(text, rehearsed) {
  const frame = jsonParse(text)
  const call = new Call(frame)
  addCall(call)
  if (rehearsed === undefined && !isOfGroup(call.toolId)) return answer(call, STATUS.otherGroup, '')
  const tool = rehearsed ?? toolOf(call.toolId)
  if (tool === undefined) return answer(call, STATUS.notFound, idsText())
  const input = hasOwn(frame, 'i') ? frame.i : undefined
  if (runIn === null) checkInput(call, tool, input)
  else runIn(call, checkInput, call, tool, input)
}

/** @param {Call} call @param {Tool} tool @param {unknown} input */
function checkInput(call, tool, input) {
  if (tool.input === undefined) return enter(call, tool, input)
  tool.input.check(
    input,
    (verdict) => {
      if ('refusal' in verdict) answer(call, STATUS.inputInvalid, verdict.refusal)
      // A tool that parses its input itself would transform it twice.
      else enter(call, tool, tool.parses ? input : verdict.value)
    },
    (error) => fail(call, error),
  )
}

/** @param {Call} call @param {Tool} tool @param {unknown} input */
function enter(call, tool, input) {
  if (call.answered) return
  if (call.slot >= 0 && hasEntryTable) noteEntered(call.slot, call.number)
  else if (call.wantsEntered) sendEntered(call)
  let returned
  let later = false
  try {
    returned = tool.run(input, call)
    later = (isObject(returned) || typeof returned === 'function') && typeof returned.then === 'function'
  } catch (error) {
    return fail(call, error)
  }
  if (!later) return complete(call, tool, returned)
  const promise = promiseResolve(returned)
  waitFor(call, promise)
  promiseThen(
    promise,
    (/** @type {unknown} */ value) => complete(call, tool, value),
    (/** @type {unknown} */ error) => fail(call, error),
  )
}

/** @param {Call} call @param {Tool} tool @param {any} value */
function complete(call, tool, value) {
  if (call.answered) return
  waitFor(call, undefined)
  if (!isObject(value)) return checkOutput(call, tool, value)
  if (isBody(value)) {
    const read = readBody(value, call.outputCap)
    return promiseThen(read, (/** @type {any} */ body) => completeBody(call, tool, body), (/** @type {unknown} */ error) => unusable(call, error))
  }
  if (isSequence(value) || (tool.streams && typeof value[asyncIterator] === 'function')) {
    const drained = drain(call, value)
    waitFor(call, drained)
    return promiseThen(drained, (/** @type {unknown} */ last) => checkOutput(call, tool, last), (/** @type {unknown} */ error) => fail(call, error))
  }
  checkOutput(call, tool, value)
}

/** @param {Call} call @param {Tool} tool @param {{ text: string } | { tooLong: number }} body */
function completeBody(call, tool, body) {
  if ('text' in body) checkOutput(call, tool, body.text)
  else answer(call, STATUS.outputTooLarge, `${body.tooLong}`)
}

/** The tool returned, but its result cannot be transferred. @param {Call} call @param {unknown} error */
const unusable = (call, error) => answer(call, STATUS.outputInvalid, describe(error))

/**
 * Each value is progress. The result is the generator's return value; without one it is the last value.
 * @param {Call} call
 * @param {any} values
 */
async function drain(call, values) {
  const iterator = typeof values[asyncIterator] === 'function' ? values[asyncIterator]() : values[Symbol.iterator]()
  let last
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) return value === undefined ? last : value
    if (call.answered) {
      // Nobody waits any more, so the generator is closed and can clean up. An error in that belongs to this call.
      await iterator.return?.()
      return
    }
    last = value
    // JSON cannot express undefined as progress, although it may be the result.
    if (value !== undefined) sendProgress(call, value)
  }
}

/** @param {Call} call @param {Tool} tool @param {unknown} value */
function checkOutput(call, tool, value) {
  waitFor(call, undefined)
  if (tool.output === undefined || isMcpFailure(value)) return succeed(call, value)
  tool.output.check(
    value,
    (verdict) => {
      if ('refusal' in verdict) answer(call, STATUS.outputInvalid, verdict.refusal)
      else succeed(call, verdict.value)
    },
    (error) => unusable(call, error),
  )
}

/** @param {Call} call @param {unknown} value */
function succeed(call, value) {
  if (call.answered) return
  let text
  try {
    text = jsonStringify(value)
  } catch (error) {
    return unusable(call, error)
  }
  if (typeof text !== 'string') return answer(call, STATUS.undefined, '')
  if (text.length * 3 > call.outputCap) {
    const bytes = byteLength(text)
    if (bytes > call.outputCap) return answer(call, STATUS.outputTooLarge, `${bytes}`)
  }
  answer(call, STATUS.value, text)
}

/** The tool threw, or caused an uncaught error. @param {Call} call @param {any} error */
export function fail(call, error) {
  if (call.answered) return
  let retry = RETRY.unsaid
  let after = NO_RETRY_AFTER
  try {
    if (isObject(error)) {
      if (typeof error.retryable === 'boolean') retry = error.retryable ? RETRY.retryable : RETRY.not
      const ms = error.retryAfter
      if (typeof ms === 'number' && isFinite(ms) && ms >= 0) after = ms < NO_RETRY_AFTER - 1 ? round(ms) : NO_RETRY_AFTER - 1
    }
  } catch {
    // A getter that throws provides no value.
  }
  sendMissed(call)
  answer(call, STATUS.threw, describe(error), retry, after)
}

/** @param {Call} call @param {number} status @param {string} text */
function answer(call, status, text, retry = RETRY.unsaid, after = NO_RETRY_AFTER) {
  if (call.answered) return
  call.answered = true
  waitFor(call, undefined)
  removeCall(call)
  if (call.leaveEnvironment !== undefined && (settings.isolation === 'worker' || call.number === REHEARSAL)) call.leaveEnvironment()
  const start = beginForCall(RESULT, call)
  putByte(status)
  putByte(retry)
  putU32(after)
  putText(text)
  finish(start)
  if (call.number === REHEARSAL) return
  if (ending && callsInFlight() === 0) endNow()
  flushSoon()
}

/**
 * The process ends during its calls: reports which call caused it, where that is known, so that the others are not
 * blamed.
 */
export function leave() {
  const call = currentCall()
  if (call !== undefined && callsInFlight() > 1) finish(beginForCall(LEAVING, call))
  sendMissed(call ?? onlyCall())
  flush()
}

/** Handles ABORT. @param {string} text */
export function abortCall(text) {
  const frame = jsonParse(text)
  const call = openCall(frame.c)
  if (call === undefined || call.nonce !== frame.n || call.abortReason !== undefined) return
  call.abortReason = /** @type {string} */ (frame.r)
  if (hasOwn(frame, 'w')) call.whyAborted = frame.w
  // Sent before the tool's listeners run, because they may never return.
  sendMissed(call)
  const start = beginForCall(ABORT_ACK, call)
  putByte(call.listens ? 1 : 0)
  finish(start)
  flush()
  if (call.controller === undefined) return
  // The actions of its listeners are attributed to the call.
  if (runIn === null) abort(call.controller, reasonOf(call))
  else runIn(call, abort, call.controller, reasonOf(call))
}

/** Handles END. */
export function endWhenIdle() {
  ending = true
  if (callsInFlight() === 0) endNow()
}

function endNow() {
  flush()
  exit(0)
}
