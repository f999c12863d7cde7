/**
 * Makes a call's variables visible in process.env while the call runs, and restores the previous ones afterwards. With
 * several calls in flight process.env stays unchanged, and only context.env has them.
 */
import { environment, hasOwn, ObjectFreeze, ObjectKeys, push } from './primordials.mjs'
import { BUNDLE_VARIABLE, EXEC_ID_VARIABLE, MODULE_CACHE_VARIABLE, NO_THREADS_VALUE, NO_THREADS_VARIABLE, PROJECT_ROOT_VARIABLE } from './protocol.mjs'
import { settings } from './settings.mjs'

/** @type {Readonly<Record<string, string>>} */
export const NO_VARIABLES = ObjectFreeze({})

/**
 * Removes the location of the bundled entrypoint, which the host put there, from the environment.
 * @returns {string | undefined} file: URL
 */
export function takeBundle() {
  if (!hasOwn(environment, BUNDLE_VARIABLE)) return undefined
  const url = environment[BUNDLE_VARIABLE]
  delete environment[BUNDLE_VARIABLE]
  return url
}

/** Called before the entrypoint is imported. */
export function setMarkers() {
  if (hasOwn(environment, NO_THREADS_VARIABLE) && environment[NO_THREADS_VARIABLE] === NO_THREADS_VALUE) delete environment[NO_THREADS_VARIABLE]
  // Bun has read where its cache is; programs that a tool starts have nothing to do with it, and a user's own does not come this far.
  delete environment[MODULE_CACHE_VARIABLE]
  environment.TOOLWARDEN = '1'
  environment[PROJECT_ROOT_VARIABLE] = settings.projectRoot
}

/**
 * Sets a call's variables. The execution id stays until that of the next call takes its place: removing a variable costs Bun as much
 * as half a call, because a listener is the prototype of process.env (variables.mjs). Returns a function that restores the old
 * variables, undefined where there is nothing to restore.
 * @param {string} execId
 * @param {Readonly<Record<string, string>>} variables
 * @returns {(() => void) | undefined}
 */
export function enterEnvironment(execId, variables) {
  if (settings.concurrent > 1) return undefined
  const names = variables === NO_VARIABLES ? [] : ObjectKeys(variables)
  /** @type {(string | undefined)[]} */
  const before = []
  for (let i = 0; i < names.length; i++) {
    push(before, hasOwn(environment, names[i]) ? environment[names[i]] : undefined)
    environment[names[i]] = variables[names[i]]
  }
  environment[EXEC_ID_VARIABLE] = execId
  // A rehearsal has no id, and leaves nothing.
  if (execId === '') delete environment[EXEC_ID_VARIABLE]
  if (names.length === 0) return undefined
  return () => {
    for (let i = 0; i < names.length; i++) {
      if (before[i] === undefined) delete environment[names[i]]
      else environment[names[i]] = before[i]
    }
  }
}
