/** One call from its frame to its answer. The answer settles the call, and nothing is sent for it afterwards. */
import { hasEntryTable, noteEntered } from './entry-table.mjs'
import { isBody, isSequence, readBody } from './bodies.mjs'
import { begin, finish, finishAside, flush, flushSoon, putAscii, putByte, putText, putU32 } from './channel.mjs'
import { newConsoleState } from './console.mjs'
import { enterEnvironment, NO_VARIABLES } from './environment.mjs'
import { isDeeper } from './depth.mjs'
import { describe, retryOf } from './failure.mjs'
import { attributeLogs } from './log.mjs'
import {
  abort, AbortControllerOf, asyncIterator, byteLength, collectGarbage, DOMExceptionOf, exit, FinalizationRegistryOf, hasOwn, isBun, jsonParse, jsonStringify,
  mapDelete, mapFirst, mapGet, MapOf, mapSet, ObjectFreeze, promiseResolve, promiseThen, RangeErrorOf, setTimer, signalOf, TypeErrorOf, unref, whenCollected,
} from './primordials.mjs'
import { ABORT_ACK, ENTERED, LEAVING, MAX_DEPTH, NO_RETRY_AFTER, PROGRESS, RESULT, RETRY, STATUS } from './protocol.mjs'
import { settings } from './settings.mjs'
import { idsText, toolOf } from './tools.mjs'
import { isObject } from './values.mjs'
import { attributeReads, sendMissed } from './variables.mjs'

/** The number of the rehearsed call, whose frames are never sent. */
const REHEARSAL = 0

/** @typedef {import('./tools.mjs').Tool} Tool */
/** @typedef {{ toolId: string, toolExecId: string, attempt: number, signal: AbortSignal, env: Readonly<Record<string, string>>, progress(value: unknown): void }} Context */

/** Calls without an answer. */
const open = new MapOf()
let openCount = 0
/** The most recent call; the one in flight when there is only one. @type {Call | undefined} */
let latest
let ending = false
const idleConsole = newConsoleState()

/** Only where a process serves many calls, because it slows every await a little. */
const storage = settings.isolation === 'worker' ? new (await import('node:async_hooks')).AsyncLocalStorage() : null
const runIn = storage ? storage.run.bind(storage) : null
const storedCall = storage ? storage.getStore.bind(storage) : null

/**
 * The call whose code is running. Where a process serves many calls, the async context identifies it, so that leftovers
 * of an earlier call are not attributed to a later one.
 * @returns {Call | undefined}
 */
export function currentCall() {
  if (openCount === 0) return undefined
  if (storedCall === null) return onlyCall()
  const stored = /** @type {Call | undefined} */ (storedCall())
  return stored !== undefined && !stored.answered ? stored : undefined
}

/** @returns {Call | undefined} */
function onlyCall() {
  if (openCount !== 1) return undefined
  return latest !== undefined && !latest.answered ? latest : mapFirst(open)
}
attributeLogs(() => currentCall()?.number ?? 0)
attributeReads(currentCall)

/**
 * The call with an uncaught error. Bun does not report the context of a rejection: then it must be the only call in
 * flight, and every earlier call must have been garbage-collected before. A later collection proves nothing, because
 * the rejection may have been the last reference to its call.
 * @param {boolean} rejection
 * @returns {Call | undefined}
 */
export function callOfUncaught(rejection) {
  return currentCall() ?? (isUnattributed(rejection) ? onlyCall() : undefined)
}

/** @param {boolean} rejection */
export const isOfOneOfSeveral = (rejection) => openCount > 1 && isUnattributed(rejection)

/** The error has no context, and comes from one of the running calls. @param {boolean} rejection */
const isUnattributed = (rejection) => isBun && rejection && storedCall !== null && storedCall() === undefined && lingering === 0

/**
 * After this many milliseconds without a call the garbage is collected once, which shows which calls left nothing
 * behind.
 */
const IDLE = 50
let answers = 0
let watching = false

/** Outside of every call's context, because the timer would keep that alive. */
function collectWhenIdle() {
  watching = true
  const seen = answers
  const idle = () => {
    watching = false
    if (openCount > 0) return
    if (answers === seen) collectGarbage()
    else collectWhenIdle()
  }
  runIn?.(undefined, () => unref(setTimer(idle, IDLE)))
}

/** Answered calls that something still refers to: a timer, a waiting promise. Counted on Bun only. */
let lingering = 0
const collected = isBun && storage !== null ? new FinalizationRegistryOf(() => lingering--) : null

/** Groups, counters and timers of the call that prints. */
export const consoleState = () => {
  const call = currentCall()
  return call === undefined ? idleConsole : (call.console ??= newConsoleState())
}

export class Call {
  /** @param {any} frame the CALL frame's JSON */
  constructor(frame) {
    /** @type {number} */
    this.number = frame.c
    /** @type {string} */
    this.nonce = frame.n
    /** @type {string} */
    this.toolId = frame.t
    /** @type {string} */
    this.execId = frame.x
    /** @type {number} */
    this.attempt = frame.a
    // Optional members are looked up as own properties, because a tool may have put an `e` on Object.prototype.
    /** @type {Readonly<Record<string, string>>} */
    this.env = hasOwn(frame, 'e') ? ObjectFreeze(frame.e) : NO_VARIABLES
    /** @type {unknown} */
    this.config = hasOwn(frame, 'g') ? frame.g : undefined
    this.wantsEntered = hasOwn(frame, 'm')
    /** @type {number} */
    this.slot = hasOwn(frame, 's') ? frame.s : -1
    this.wantsProgress = hasOwn(frame, 'l')
    this.answered = false
    this.listens = false
    /** @type {AbortController | undefined} */
    this.controller = undefined
    /** @type {string | undefined} */
    this.abortReason = undefined
    /** @type {import('./console.mjs').ConsoleState | undefined} */
    this.console = undefined
    /** Missing variables that it read. @type {import('./variables.mjs').Missed | undefined} */
    this.missed = undefined
    this.leaveEnvironment = enterEnvironment(this.execId, this.env)
  }

  /** The tool's third argument. @returns {Context} */
  context() {
    const call = this
    return ObjectFreeze({
      toolId: this.toolId,
      toolExecId: this.execId,
      attempt: this.attempt,
      env: this.env,
      get signal() {
        return call.takeSignal()
      },
      progress: (/** @type {unknown} */ value) => sendProgress(call, value),
    })
  }

  takeSignal() {
    this.listens = true
    if (this.controller === undefined) {
      this.controller = new AbortControllerOf()
      if (this.abortReason !== undefined) abort(this.controller, reasonOf(this.abortReason))
    }
    return signalOf(this.controller)
  }
}

/** @param {string} why */
const reasonOf = (why) =>
  why === 'timeout' ? new DOMExceptionOf('The tool reached its timeout', 'TimeoutError') : new DOMExceptionOf('The call was cancelled', 'AbortError')

/** Handles CALL. @param {string} text @param {Tool} [rehearsed] */
export function startCall(text, rehearsed) {
  const frame = jsonParse(text)
  const call = new Call(frame)
  latest = call
  openCount++
  mapSet(open, call.number, call)
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
  promiseThen(
    promiseResolve(returned),
    (/** @type {unknown} */ value) => complete(call, tool, value),
    (/** @type {unknown} */ error) => fail(call, error),
  )
}

/** @param {Call} call @param {Tool} tool @param {any} value */
function complete(call, tool, value) {
  if (call.answered) return
  if (!isObject(value)) return checkOutput(call, tool, value)
  if (isBody(value)) {
    const read = readBody(value, settings.maxOutputSize)
    return promiseThen(read, (/** @type {any} */ body) => completeBody(call, tool, body), (/** @type {unknown} */ error) => unusable(call, error))
  }
  if (isSequence(value) || (tool.streams && typeof value[asyncIterator] === 'function')) {
    return promiseThen(drain(call, value), (/** @type {unknown} */ last) => checkOutput(call, tool, last), (/** @type {unknown} */ error) => fail(call, error))
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
  if (tool.output === undefined) return succeed(call, value)
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
  if (text.length * 3 > settings.maxOutputSize) {
    const bytes = byteLength(text)
    if (bytes > settings.maxOutputSize) return answer(call, STATUS.outputTooLarge, `${bytes}`)
  }
  answer(call, STATUS.value, text)
}

/** The tool threw, or caused an uncaught error. @param {Call} call @param {any} error */
export function fail(call, error) {
  if (call.answered) return
  const { retry, after } = retryOf(error)
  sendMissed(call)
  answer(call, STATUS.threw, describe(error), retry, after)
}

/** @param {Call} call @param {number} status @param {string} text */
function answer(call, status, text, retry = RETRY.unsaid, after = NO_RETRY_AFTER) {
  if (call.answered) return
  call.answered = true
  openCount--
  mapDelete(open, call.number)
  if (collected !== null && call.number !== REHEARSAL) {
    lingering++
    answers++
    if (openCount === 0 && !watching) collectWhenIdle()
    whenCollected(collected, call, undefined)
  }
  if (call.leaveEnvironment !== undefined && (settings.isolation === 'worker' || call.number === REHEARSAL)) call.leaveEnvironment()
  const start = beginForCall(RESULT, call)
  putByte(status)
  putByte(retry)
  putU32(after)
  putText(text)
  finish(start)
  if (call.number === REHEARSAL) return
  if (ending && openCount === 0) endNow()
  flushSoon()
}

/** @param {number} kind @param {Call} call */
function beginForCall(kind, call) {
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
function sendEntered(call) {
  finish(beginForCall(ENTERED, call))
  if (call.number !== REHEARSAL) flush()
}

/** @param {Call} call @param {unknown} value */
function sendProgress(call, value) {
  if (call.answered || !call.wantsProgress) return
  const text = jsonStringify(value)
  if (typeof text !== 'string') throw new TypeErrorOf('context.progress takes a value that JSON can carry')
  if (byteLength(text) > settings.maxOutputSize) throw new RangeErrorOf(`a progress value is larger than maxOutputSize (${settings.maxOutputSize} bytes)`)
  if (isDeeper(text, MAX_DEPTH)) throw new RangeErrorOf(`a progress value is nested deeper than ${MAX_DEPTH} levels`)
  const start = beginForCall(PROGRESS, call)
  putText(text)
  finishAside(start)
}

/**
 * The process ends during its calls: reports which call caused it, where that is known, so that the others are not
 * blamed.
 */
export function leave() {
  const call = currentCall()
  if (call !== undefined && openCount > 1) finish(beginForCall(LEAVING, call))
  sendMissed(call ?? onlyCall())
  flush()
}

/** Handles ABORT. @param {string} text */
export function abortCall(text) {
  const frame = jsonParse(text)
  const call = /** @type {Call | undefined} */ (mapGet(open, frame.c))
  if (call === undefined || call.nonce !== frame.n || call.abortReason !== undefined) return
  call.abortReason = /** @type {string} */ (frame.r)
  // Sent before the tool's listeners run, because they may never return.
  sendMissed(call)
  const start = beginForCall(ABORT_ACK, call)
  putByte(call.listens ? 1 : 0)
  finish(start)
  flush()
  if (call.controller === undefined) return
  // The actions of its listeners are attributed to the call.
  if (runIn === null) abort(call.controller, reasonOf(call.abortReason))
  else runIn(call, abort, call.controller, reasonOf(call.abortReason))
}

/** Handles END. */
export function endWhenIdle() {
  ending = true
  if (openCount === 0) endNow()
}

function endNow() {
  flush()
  exit(0)
}

/** The number of calls without an answer. */
export const callsInFlight = () => openCount
