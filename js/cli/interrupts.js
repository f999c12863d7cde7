/** Ctrl-C and SIGTERM: the first signal asks running work to end, the second does not wait for it. */

import { ExitCode } from './exit-codes.js'

/** @type {Record<string, number>} */
const CODES = { SIGINT: ExitCode.INTERRUPTED, SIGTERM: ExitCode.TERMINATED, SIGHUP: 129 }

export class Interrupts {
  #controller = new AbortController()
  /** @type {Set<() => void>} */ #forced = new Set()
  /** @type {((name: string) => void) | undefined} */ #passOn
  /** @type {number | undefined} the code to exit with, once a signal came */
  exitCode

  /** @param {NodeJS.Process} process */
  constructor(process) {
    for (const [name, code] of Object.entries(CODES)) {
      process.on(name, () => this.#received(name, code))
    }
  }

  /** Aborts with the first signal. */
  get signal() {
    return this.#controller.signal
  }

  /**
   * Registers an action for the second signal.
   * @param {() => void} end
   * @returns {() => void} takes it back
   */
  whenForced(end) {
    this.#forced.add(end)
    return () => this.#forced.delete(end)
  }

  /** From now on signals are another process's, whose end decides about the exit code. @param {(name: string) => void} to */
  passOn(to) {
    this.#passOn = to
  }

  /** @param {string} name @param {number} code */
  #received(name, code) {
    if (this.#passOn !== undefined) {
      this.#passOn(name)
      return
    }
    if (this.exitCode === undefined) {
      this.exitCode = code
      this.#controller.abort(new Error(`interrupted by ${name}`))
    } else {
      for (const end of this.#forced) end()
    }
  }
}
