/** Imports the entrypoint: from its bundle where the host has made one, otherwise from its source. */
import { takeBundle } from './environment.mjs'
import { base64, clearTimer, includes, indexOf, jsonStringify, promiseRace, promiseThen, PromiseOf, setTimer, slice } from './primordials.mjs'
import { isObject } from './values.mjs'

/** A bundle with renamed declarations first calls this with a function that restores their names. */
const NAMES_HOOK = Symbol.for('toolwarden.bundle')
const UNREACHABLE = /^(?:Cannot find module|EACCES|EPERM|ENOENT)\b/
const IMPORTER = ' imported from '

/**
 * After this many milliseconds it is checked whether an import only seems to be unfinished. Large entrypoints may take
 * longer without harm.
 */
const LONG_IMPORT = 500
let timersSet = 0
/** How many timers importing the entrypoint has needed itself. */
export const importTimers = () => timersSet

/** @param {string} entrypoint file: URL @returns {Promise<{ namespace: any }>} in an object, as it may look like a promise */
export async function importEntrypoint(entrypoint) {
  const bundle = takeBundle()
  if (bundle === undefined) return namespaceOf(import(entrypoint), entrypoint)
  /** @type {(() => void) | undefined} */
  let restoreNames
  const global = /** @type {any} */ (globalThis)
  global[NAMES_HOOK] = (/** @type {() => void} */ restore) => {
    restoreNames = restore
    delete global[NAMES_HOOK]
  }
  try {
    const module = await namespaceOf(import(bundle), bundle)
    restoreNames?.()
    return module
  } catch (error) {
    // No code of the bundle ran, so the source can still be imported. An error of the module itself is thrown.
    if (!isUnreachable(error, bundle)) throw error
    return namespaceOf(import(entrypoint), entrypoint)
  } finally {
    delete global[NAMES_HOOK]
  }
}

/**
 * The namespace of a module that is being imported. A module that exports a function named `then` looks like a promise
 * to import(), which calls that function: it may never answer, throw, or answer with something else. A namespace that another
 * module passes on is used as it is. That costs a second module, so it is only done where the import takes long or gives no
 * namespace; a module that really failed fails again in the same way, without being run again.
 * @param {Promise<any>} importing
 * @param {string} specifier
 */
async function namespaceOf(importing, specifier) {
  /** @type {Promise<{ namespace: any }> | undefined} */
  let passing
  const passedOn = () => (passing ??= passOn(specifier))
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const late = new PromiseOf((/** @type {(value: any) => void} */ resolve, /** @type {(error: unknown) => void} */ reject) => {
    timersSet++
    timer = setTimer(() => promiseThen(passedOn(), resolve, reject), LONG_IMPORT)
  })
  const imported = promiseThen(
    importing,
    (/** @type {any} */ found) => (isNamespace(found) ? { namespace: found } : passedOn()),
    // The first error is reported, because it may be the only one that says where it came from.
    (/** @type {unknown} */ error) => promiseThen(passedOn(), undefined, () => { throw error }),
  )
  try {
    return await promiseRace([imported, late])
  } finally {
    clearTimer(timer)
  }
}

/** @param {any} found */
const isNamespace = (found) => isObject(found) && found[Symbol.toStringTag] === 'Module'

/** @param {string} specifier @returns {Promise<{ namespace: any }>} */
function passOn(specifier) {
  const source = `import * as namespace from ${jsonStringify(specifier)}\nexport const taken = { namespace }`
  // Bun treats a data: URL as code only where it is base64.
  return promiseThen(import(`data:text/javascript;base64,${base64(source)}`), (/** @type {any} */ module) => module.taken)
}

/**
 * Bun reports this in messages without a code. The bundle may also be the importer of a missing module.
 * @param {any} error
 * @param {string} bundle
 */
function isUnreachable(error, bundle) {
  const message = `${error?.message}`
  const importer = indexOf(message, IMPORTER)
  const missing = importer < 0 ? message : slice(message, 0, importer)
  return UNREACHABLE.test(message) && includes(missing, slice(bundle, bundle.lastIndexOf('/') + 1))
}
