/**
 * The calls without an answer, and which of them the running code belongs to: for log lines, variables and uncaught
 * errors.
 * The decisions behind it: docs/decisions.md#calls.
 */
import { newConsoleState } from './console.mjs'
import { attributeLogs } from './log.mjs'
import { collectGarbage, FinalizationRegistryOf, isBun, mapDelete, mapFirst, mapForEach, mapGet, MapOf, mapSet, setTimer, unref, whenCollected } from './primordials.mjs'
import { settings } from './settings.mjs'
import { collectSoon, suspect } from './unanswerable.mjs'
import { attributeReads } from './variables.mjs'

/** @typedef {import('./call.mjs').Call} Call */

/** The number of the rehearsed call, whose frames are never sent. */
export const REHEARSAL = 0

/** Calls without an answer. */
const open = new MapOf()
let openCount = 0
/** The most recent call; the one in flight when there is only one. @type {Call | undefined} */
let latest
const idleConsole = newConsoleState()

/** Only where a process serves many calls, because it slows every await a little. */
const storage = settings.isolation === 'worker' ? new (await import('node:async_hooks')).AsyncLocalStorage() : null
export const runIn = storage ? storage.run.bind(storage) : null
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
export function onlyCall() {
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
 * Handles an error that came in no context and may be any call's, also an answered one's: it fails the calls that nothing
 * can answer any more.
 * @param {unknown} error
 * @param {(call: Call, error: unknown) => void} fail
 */
export function suspectCalls(error, fail) {
  if (openCount === 0 || storedCall === null || storedCall() !== undefined) return
  mapForEach(open, (/** @type {Call} */ call) => suspect(call, error, fail))
  collectSoon(() => openCount > 0)
}

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

/** A call has begun. @param {Call} call */
export function addCall(call) {
  latest = call
  openCount++
  mapSet(open, call.number, call)
}

/** A call has its answer. @param {Call} call */
export function removeCall(call) {
  openCount--
  mapDelete(open, call.number)
  if (collected === null || call.number === REHEARSAL) return
  lingering++
  answers++
  if (openCount === 0 && !watching) collectWhenIdle()
  whenCollected(collected, call, undefined)
}

/** @param {number} number @returns {Call | undefined} */
export const openCall = (number) => mapGet(open, number)

/** The number of calls without an answer. */
export const callsInFlight = () => openCount
