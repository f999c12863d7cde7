/** The abort signals of calls: which calls are cancelled when one aborts, and which reason their tools get. */

import { recognisable } from './user-value.js'
import { wellFormed } from './well-formed.js'

/** The message that abort() makes up when it is called without a reason; runtimes word it differently. */
const MADE_UP = AbortSignal.abort().reason.message
/** The longest text of a reason that is passed to a tool, in characters. */
const SHOWN = 1000

/**
 * The text that tells a tool why its call was cancelled; null if the caller gave no reason of its own.
 * @param {unknown} reason
 * @returns {string | null}
 */
export function reasonText(reason) {
  if (reason === undefined || reason === null) return null
  if (reason instanceof DOMException && reason.name === 'AbortError' && reason.message === MADE_UP) return null
  return wellFormed((messageOf(reason) ?? recognisable(reason)).slice(0, SHOWN))
}

/** @param {unknown} reason @returns {string | null} */
function messageOf(reason) {
  try {
    const { message } = Object(reason)
    return typeof message === 'string' && message !== '' ? message : null
  } catch {
    return null // a getter of the caller's that throws: the call is cancelled all the same
  }
}

/**
 * The callbacks of each abort signal. Many calls often share one signal, and Node warns of a leak from the eleventh
 * listener on, so each signal gets one listener from us. The property `onabort` is not used, because it belongs to the
 * user.
 * @type {WeakMap<AbortSignal, Set<() => void>>}
 */
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
