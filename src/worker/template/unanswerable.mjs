/**
 * Handles uncaught errors that came in no async context, so that nobody knows which call caused them. An answered call may
 * have left such an error behind, and then it must fail no other call. It may also be the reason why an open call never
 * ends: the code that failed was to settle the promise that the call waits for. From then on that promise is watched, and
 * nothing here refers to it: once it has been collected, nothing is left that could settle it, and the call fails with the error.
 */
import { collectGarbage, FinalizationRegistryOf, setTimer, unref, whenCollected } from './primordials.mjs'

/** @typedef {{ call: Waiting, error: unknown }} Suspicion */
/** @typedef {{ waitsFor: object | undefined, suspicion: Suspicion | undefined }} Waiting */

/** Garbage is collected after this many milliseconds, then after twice as many, up to `MOST`. Later the engine collects on its own. */
const SOON = 25
const MOST = 1600

/** @type {FinalizationRegistry<Suspicion> | undefined} */
let watched
let collecting = false

/** Watches whether the call can still be answered. @param {Waiting} call @param {unknown} error @param {(call: any, error: unknown) => void} fail */
export function suspect(call, error, fail) {
  if (call.suspicion !== undefined) {
    call.suspicion.error = error
    return
  }
  if (call.waitsFor === undefined) return
  call.suspicion = { call, error }
  watched ??= new FinalizationRegistryOf((suspicion) => {
    if (suspicion.call.suspicion === suspicion) fail(suspicion.call, suspicion.error)
  })
  whenCollected(watched, call.waitsFor, call.suspicion)
  call.waitsFor = undefined
}

/** The promise that the call waited for was settled, or it waits for another one from now on. @param {Waiting} call @param {object | undefined} next */
export function waitFor(call, next) {
  call.waitsFor = next
  call.suspicion = undefined
}

/** @param {() => boolean} wanted whether calls are open still */
export function collectSoon(wanted, after = SOON) {
  if (collecting || after > MOST) return
  collecting = true
  const collect = () => {
    collecting = false
    if (!wanted()) return
    collectGarbage()
    collectSoon(wanted, after * 2)
  }
  unref(setTimer(collect, after))
}
