/**
 * Makes a call's variables visible in process.env while the call runs, and restores the previous ones afterwards. With
 * several calls in flight process.env stays unchanged, and only context.env has them.
 */
import { environment, hasOwn, ObjectFreeze, ObjectKeys, push } from './primordials.mjs'
import { settings } from './settings.mjs'

const EXEC_ID = 'TOOLWARDEN_TOOL_EXEC_ID'
/** @type {Readonly<Record<string, string>>} */
export const NO_VARIABLES = ObjectFreeze({})

const BUNDLE = 'TOOLWARDEN_BUNDLE'
/** A variable that the user set has another value. */
const NO_THREADS = { name: 'BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER', value: 'toolwarden' }

/**
 * The location of Bun's cache. Bun has read it by now, programs that a tool starts must not use it, and a user's
 * variable of this name never gets here.
 */
const MODULES = 'BUN_RUNTIME_TRANSPILER_CACHE_PATH'

/**
 * Removes the location of the bundled entrypoint, which the host put there, from the environment.
 * @returns {string | undefined} file: URL
 */
export function takeBundle() {
  if (!hasOwn(environment, BUNDLE)) return undefined
  const url = environment[BUNDLE]
  delete environment[BUNDLE]
  return url
}

/** Called before the entrypoint is imported. */
export function setMarkers() {
  if (hasOwn(environment, NO_THREADS.name) && environment[NO_THREADS.name] === NO_THREADS.value) delete environment[NO_THREADS.name]
  delete environment[MODULES]
  environment.TOOLWARDEN = '1'
  environment.TOOLWARDEN_PROJECT_ROOT = settings.projectRoot
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
  environment[EXEC_ID] = execId
  // A rehearsal has no id, and leaves nothing.
  if (execId === '') delete environment[EXEC_ID]
  if (names.length === 0) return undefined
  return () => {
    for (let i = 0; i < names.length; i++) {
      if (before[i] === undefined) delete environment[names[i]]
      else environment[names[i]] = before[i]
    }
  }
}
