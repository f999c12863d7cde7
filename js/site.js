/**
 * Where in the caller's code a call was made: taken when the call starts, made into text only when it fails.
 *
 * A captured stack is the largest single cost of a call on V8, and the same for one frame as for ten. With many calls in
 * flight it is therefore taken from what awaits the call, when it fails: V8 knows that without having noted anything.
 */

import { fileURLToPath } from 'node:url'
import { here, isBundled } from './here.js'

/** @typedef {{ readonly stack?: string }} Site */

/**
 * The stack of this moment.
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

/** On Bun an Error costs a tenth of captureStackTrace, but knows nothing of a function at which to begin. */
class ErrorSite {
  #error

  /** @param {Error} error */
  constructor(error) {
    this.#error = error
  }

  get stack() {
    const [first = '', ...frames] = (this.#error.stack ?? '').split('\n')
    // In a bundle nothing tells our frames from the caller's.
    const caller = isBundled ? 0 : frames.findIndex((line) => !isOurs(line))
    return [first, ...(caller === -1 ? [] : frames.slice(caller))].join('\n')
  }
}

/**
 * Where a call comes from, noted by the function that the caller called: on V8 nothing but that function, as long as
 * it runs; on Bun the site itself, since its engine forgets functions that end in a call.
 * @typedef {Function | Site} Origin
 */

const bun = 'bun' in process.versions

/** Whether a site costs so little that it is taken for every call. */
export const sitesAreCheap = bun

/** @type {(entered: Function) => Origin} */
export const originOf = bun ? () => new ErrorSite(new Error()) : (entered) => entered

/** @param {Origin} origin of a call that is still being made @returns {Site} */
export const siteOf = (origin) => (typeof origin === 'function' ? captureSite(origin) : origin)

/** A failure on its way to who awaits it. */
export class Failure {
  /** @param {(site: Site) => Error} error */
  constructor(error) {
    this.error = error
  }
}

/**
 * Settles as `outcome` does, but a Failure rejects with an error whose stack is that of who awaits.
 * @param {Promise<unknown>} outcome
 */
export async function rejectWhereAwaited(outcome) {
  const value = await outcome
  if (value instanceof Failure) throw value.error(captureSite(rejectWhereAwaited))
  return value
}
