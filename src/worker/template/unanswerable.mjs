/**
 * Errors that nobody caught and that came in no async context, so that it is not known whose they are. They may be what an answered call
 * left behind, and then they must fail nobody. They may also be why an open call never ends: what failed was to settle the promise that it
 * waits for. That promise is watched from then on, and held by nobody here: once it has been collected nothing is left that could
 * settle it, and the call fails with the error.
 */
import { collectGarbage, FinalizationRegistryOf, setTimer, unref, whenCollected } from './primordials.mjs'

/** @typedef {{ call: Waiting, error: unknown }} Suspicion */
/** @typedef {{ waitsFor: object | undefined, suspicion: Suspicion | undefined }} Waiting */

/** After so many milliseconds garbage is collected, and again after twice as many; what is collected later the engine tells by itself. */
const SOON = 25
const MOST = 1600

/** @type {FinalizationRegistry<Suspicion> | undefined} */
let watched
let collecting = false

/** @param {Waiting} call @param {unknown} error @param {(call: any, error: unknown) => void} fail */
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

/** What it waits for was settled, or is something else from now on. @param {Waiting} call @param {object | undefined} next */
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
