/** Brings the entrypoint in: from its bundle where the host has made one, else from its source. */
import { takeBundle } from './environment.mjs'
import { includes, indexOf, slice } from './primordials.mjs'

/** A bundle that renames declarations calls this with a function that gives their names back, before anything else in it. */
const NAMES_HOOK = Symbol.for('toolwarden.bundle')
const UNREACHABLE = /^(?:Cannot find module|EACCES|EPERM|ENOENT)\b/
const IMPORTER = ' imported from '

/** @param {string} entrypoint file: URL @returns {Promise<any>} the namespace */
export async function importEntrypoint(entrypoint) {
  const bundle = takeBundle()
  if (bundle === undefined) return import(entrypoint)
  /** @type {(() => void) | undefined} */
  let restoreNames
  const global = /** @type {any} */ (globalThis)
  global[NAMES_HOOK] = (/** @type {() => void} */ restore) => {
    restoreNames = restore
    delete global[NAMES_HOOK]
  }
  try {
    const namespace = await import(bundle)
    restoreNames?.()
    return namespace
  } catch (error) {
    // Nothing of it ran: the source still can. An error of the module itself is the module's.
    if (!isUnreachable(error, bundle)) throw error
    return import(entrypoint)
  } finally {
    delete global[NAMES_HOOK]
  }
}

/** Bun says so in messages without a code. The bundle may also be who imports what is not there. @param {any} error @param {string} bundle */
function isUnreachable(error, bundle) {
  const said = `${error?.message}`
  const importer = indexOf(said, IMPORTER)
  const missing = importer < 0 ? said : slice(said, 0, importer)
  return UNREACHABLE.test(said) && includes(missing, slice(bundle, bundle.lastIndexOf('/') + 1))
}
