/**
 * The callbacks of each abort signal. Many calls often share one signal, and Node warns of a leak from the eleventh
 * listener on, so each signal gets one listener from us. The property `onabort` is not used, because it belongs to the
 * user.
 * @type {WeakMap<AbortSignal, Set<() => void>>}
 */

/** @type {WeakMap<AbortSignal, Set<() => void>>} */
const waiting = new WeakMap()

/** @this {AbortSignal} */
function aborted() {
  const cancels = waiting.get(this)
  waiting.delete(this)
  for (const cancel of cancels ?? []) cancel()
}

/** @param {AbortSignal} signal @param {() => void} cancel */
export function whenAborted(signal, cancel) {
  const cancels = waiting.get(signal)
  if (cancels !== undefined) {
    cancels.add(cancel)
    return
  }
  waiting.set(signal, new Set([cancel]))
  signal.addEventListener('abort', aborted, { once: true })
}

/** @param {AbortSignal} signal @param {() => void} cancel */
export function forgetAborted(signal, cancel) {
  const cancels = waiting.get(signal)
  if (cancels === undefined || !cancels.delete(cancel) || cancels.size > 0) return
  waiting.delete(signal)
  signal.removeEventListener('abort', aborted)
}
