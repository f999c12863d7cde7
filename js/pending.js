/** What callers wait for: calls, and other questions to the manager. Each is settled once. */

import { AsyncResource } from 'node:async_hooks'
import { forgetAborted, whenAborted } from './abort.js'
import { errorFrom } from './errors.js'
import { raiseLater } from './raise-later.js'
import { Failure } from './call-site.js'

/** @typedef {import('./native-interface.d.ts').ErrorData} ErrorData */

/** The context is never reported as destroyed, because that would cost each call a registration with the garbage collector. */
const NO_HOOKS = { requireManualDestroy: true }

/** A question to the core with one answer: ready(), listTools(). */
export class Question {
  /**
   * @param {import('./call-site.js').Site} site
   * @param {(value: any) => void} resolve
   * @param {(error: Error) => void} reject
   */
  constructor(site, resolve, reject) {
    this.site = site
    this.resolve = resolve
    this.reject = reject
  }

  /** @param {ErrorData} data */
  fail(data) {
    this.reject(errorFrom(data, this.site))
  }
}

/** One call of a tool. */
export class PendingCall {
  /** @type {(() => void) | undefined} */
  #onAbort
  /**
   * Keeps the caller's asynchronous context, so that onLog and onProgress find the request, the span or the transaction in
   * which the call was made.
   * @type {AsyncResource | undefined}
   */
  #context

  /**
   * @param {import('./call-site.js').Site | null} site null: `rejectWhereAwaited` finds it
   * @param {string} toolId
   * @param {string} toolExecId
   * @param {Readonly<import('./call-options.js').CallOptions>} options
   * @param {(value: any) => void} resolve
   * @param {(error: Error) => void} reject
   */
  constructor(site, toolId, toolExecId, options, resolve, reject) {
    this.site = site
    this.resolve = resolve
    this.reject = reject
    this.toolId = toolId
    this.toolExecId = toolExecId
    this.options = options
    // Not AsyncLocalStorage.snapshot(), which costs V8 five times as much before Node 24.
    if (options.onLog !== undefined || options.onProgress !== undefined) this.#context = new AsyncResource('TOOLWARDENCALL', NO_HOOKS)
  }

  /** @param {AbortSignal} signal @param {() => void} cancel */
  cancelWhenAborted(signal, cancel) {
    this.#onAbort = cancel
    whenAborted(signal, cancel)
  }

  #forgetSignal() {
    const { signal } = this.options
    if (signal !== undefined && this.#onAbort !== undefined) forgetAborted(signal, this.#onAbort)
  }

  /** @param {string | null} text null for undefined, which JSON cannot express */
  succeed(text) {
    this.#forgetSignal()
    if (text === null) return this.resolve(undefined)
    let value
    try {
      value = JSON.parse(text)
    } catch (cause) {
      // The text comes unread from the tool's process, and a process that forges frames can send anything.
      return this.fail({
        code: 'ERR_OUTPUT_INVALID',
        message: `the result of tool ${this.toolId} is not valid JSON`,
        operation: 'decode result',
        toolId: this.toolId,
        toolExecId: this.toolExecId,
        attempts: 1,
        cause,
      })
    }
    return this.resolve(value)
  }

  /** @param {ErrorData} data */
  fail(data) {
    this.#forgetSignal()
    const { site, options } = this
    if (site !== null) this.reject(errorFrom(data, site, options))
    else this.resolve(new Failure((later) => errorFrom(data, later, options)))
  }

  /** @param {import('../index.d.ts').LogEntry[]} entries */
  log(entries) {
    const { onLog } = this.options
    if (onLog === undefined) return
    // One change of context for all of them, because it costs more than the listener.
    this.#context?.runInAsyncScope(() => {
      for (const entry of entries) tell(onLog, entry)
    })
  }

  /** @param {string} text */
  progress(text) {
    let value
    try {
      value = JSON.parse(text)
    } catch {
      return // forged, like a result that is not JSON, but nothing waits for it
    }
    const { onProgress } = this.options
    if (onProgress !== undefined) this.#context?.runInAsyncScope(() => tell(onProgress, value))
  }
}

/**
 * @template T
 * @param {(value: T) => void} listener
 * @param {T} value
 */
function tell(listener, value) {
  try {
    listener(value)
  } catch (error) {
    raiseLater(error)
  }
}

/**
 * The next number of a call or question. Numbers cross as u32, so after four thousand million calls they start again and skip those in
 * use.
 * @param {number} last
 * @param {ReadonlyMap<number, unknown>} inUse
 */
export function numberAfter(last, inUse) {
  let number = last
  do number = (number + 1) >>> 0
  while (number === 0 || inUse.has(number))
  return number
}
