/**
 * The place in the caller's code where a call was made: captured when the call starts, formatted only when it fails.
 *
 * Capturing a stack is the largest single cost of a call on V8, and costs the same for one frame as for ten. With many
 * calls in flight the stack is therefore taken from the code that awaits the call, when it fails, which V8 knows
 * without recording anything.
 */

import { fileURLToPath } from 'node:url'
import { here, isBundled } from './code-location.js'

/** @typedef {{ readonly stack?: string }} Site */

/**
 * Captures the current stack.
 * @param {Function} entered the public function the caller called; it and what it calls are left out
 * @returns {Site}
 */
export function captureSite(entered) {
  /** @type {Site} */
  const site = {}
  Error.captureStackTrace(site, entered)
  return site
}

const FOLDER = fileURLToPath(new URL('.', here))

/** @param {string} line of a stack */
function isOurs(line) {
  const at = line.indexOf(FOLDER)
  return at !== -1 && !line.includes('/', at + FOLDER.length)
}

/** On Bun an Error costs a tenth of captureStackTrace, but cannot start at a given function. */
class ErrorSite {
  #error

  /** @param {Error} error */
  constructor(error) {
    this.#error = error
  }

  get stack() {
    const [first = '', ...frames] = (this.#error.stack ?? '').split('\n')
    // In a bundle our frames cannot be told from the caller's.
    const caller = isBundled ? 0 : frames.findIndex((line) => !isOurs(line))
    return [first, ...(caller === -1 ? [] : frames.slice(caller))].join('\n')
  }
}

/**
 * The origin of a call, recorded by the public function: on V8 just that function, as long as it runs; on Bun the site
 * itself, because its engine drops functions that end in a call.
 * @typedef {Function | Site} Origin
 */

const bun = 'bun' in process.versions

/** Whether a site is cheap enough to be captured for every call. */
export const sitesAreCheap = bun

/** @type {(entered: Function) => Origin} */
export const originOf = bun ? () => new ErrorSite(new Error()) : (entered) => entered

/** @param {Origin} origin of a call that is still being made @returns {Site} */
export const siteOf = (origin) => (typeof origin === 'function' ? captureSite(origin) : origin)

/** A failure on its way to the code that awaits it. */
export class Failure {
  /** @param {(site: Site) => Error} error */
  constructor(error) {
    this.error = error
  }
}

/**
 * Settles like `outcome`, but a Failure rejects with an error that has the stack of the awaiting code.
 * @param {Promise<unknown>} outcome
 */
export async function rejectWhereAwaited(outcome) {
  const value = await outcome
  if (value instanceof Failure) throw value.error(captureSite(rejectWhereAwaited))
  return value
}
