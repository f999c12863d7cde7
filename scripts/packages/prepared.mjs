/** Has everything that a package's job needs: the package installed in a project of its own, and servers and programs. */

import { install } from './install.mjs'
import { placeOf, writeProject } from './place.mjs'

/** @typedef {import('./package.d.ts').Package} Package */
/** @typedef {import('./attempt.mjs').Place} Place */

/** Installs a package; gives where, or why it could not. @param {Package} wanted @param {string} directory @returns {Promise<{ place: Place } | { problem: string }>} */
export async function installed(wanted, directory) {
  const place = placeOf(directory, wanted)
  writeProject(wanted, place.pkg)
  try {
    await install(wanted, place.pkg)
    return { place }
  } catch (error) {
    const said = /** @type {{ stderr?: string, message: string }} */ (error)
    return { problem: `${wanted.name}: not installed: ${(said.stderr || said.message).slice(0, 1000)}` }
  }
}

/**
 * Installs a package and starts what its job needs; gives the job without its runtime, or why it cannot be done.
 * @param {Package} wanted @param {string} directory @param {import('./services.mjs').Services} services
 * @returns {Promise<Omit<import('./attempt.mjs').Job, 'runtime'> | { problem: string }>}
 */
export async function prepared(wanted, directory, services) {
  const found = await installed(wanted, directory)
  if ('problem' in found) return found
  const { at, missing } = await services.have(wanted.needs ?? [])
  if (missing.length > 0) return { problem: `${wanted.name}: needs Debian's ${missing.join(' and ')}` }
  return { wanted, place: found.place, input: at }
}
