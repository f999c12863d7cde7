/** One call: what the host sent about it, and what this process keeps about it until it has its answer. */
import { enterEnvironment, NO_VARIABLES } from './environment.mjs'
import { abort, AbortControllerOf, DOMExceptionOf, hasOwn, ObjectFreeze, signalOf } from './primordials.mjs'
import { settings } from './settings.mjs'

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
    /** @type {string | undefined} */
    this.idempotencyKey = hasOwn(frame, 'k') ? frame.k : undefined
    this.wantsEntered = hasOwn(frame, 'm')
    /** @type {number} */
    this.slot = hasOwn(frame, 's') ? frame.s : -1
    this.wantsProgress = hasOwn(frame, 'l')
    /** @type {number} bytes of the largest result */
    this.outputCap = hasOwn(frame, 'o') ? frame.o : settings.maxOutputSize
    this.answered = false
    this.listens = false
    /** @type {AbortController | undefined} */
    this.controller = undefined
    /** @type {string | undefined} */
    this.abortReason = undefined
    /** The caller's own words. @type {string | undefined} */
    this.whyAborted = undefined
    /** @type {import('./console.mjs').ConsoleState | undefined} */
    this.console = undefined
    /** The promise that answers it. @type {object | undefined} */
    this.waitsFor = undefined
    /** @type {import('./unanswerable.mjs').Suspicion | undefined} */
    this.suspicion = undefined
    /** Missing variables that it read. @type {import('./variables.mjs').Missed | undefined} */
    this.missed = undefined
    this.leaveEnvironment = enterEnvironment(this.execId, this.env)
  }

  /** Creates the signal at its first use, because a tool that reads its signal counts as listening to it. */
  takeSignal() {
    this.listens = true
    if (this.controller === undefined) {
      this.controller = new AbortControllerOf()
      if (this.abortReason !== undefined) abort(this.controller, reasonOf(this))
    }
    return signalOf(this.controller)
  }
}

/** What the signal of an aborted call gives as its reason. @param {Call} call */
export const reasonOf = ({ abortReason, whyAborted = 'The call was cancelled' }) =>
  abortReason === 'timeout' ? new DOMExceptionOf('The tool reached its timeout', 'TimeoutError') : new DOMExceptionOf(whyAborted, 'AbortError')
