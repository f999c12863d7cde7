/**
 * The variables of a call in process.env: there while the call runs, and as they were before after it. With several calls
 * in flight at once process.env stays untouched, and context.env is the only place.
 */
import { environment, hasOwn, ObjectFreeze, ObjectKeys, push } from './primordials.mjs'
import { settings } from './settings.mjs'

const EXEC_ID = 'TOOLWARDEN_TOOL_EXEC_ID'
/** @type {Readonly<Record<string, string>>} */
export const NO_VARIABLES = ObjectFreeze({})

const BUNDLE = 'TOOLWARDEN_BUNDLE'
/** A user's own has another value. */
const NO_THREADS = { name: 'BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER', value: 'toolwarden' }

/** Where Bun's cache is: Bun has read it by now, programs that a tool starts have nothing to do with it, and no user's comes this far. */
const MODULES = 'BUN_RUNTIME_TRANSPILER_CACHE_PATH'

/** Takes out of the environment where the host put the bundled entrypoint. @returns {string | undefined} file: URL */
export function takeBundle() {
  if (!hasOwn(environment, BUNDLE)) return undefined
  const url = environment[BUNDLE]
  delete environment[BUNDLE]
  return url
}

/** Before the entrypoint is imported. */
export function setMarkers() {
  if (hasOwn(environment, NO_THREADS.name) && environment[NO_THREADS.name] === NO_THREADS.value) delete environment[NO_THREADS.name]
  delete environment[MODULES]
  environment.TOOLWARDEN = '1'
  environment.TOOLWARDEN_PROJECT_ROOT = settings.projectRoot
}

/**
 * Sets a call's variables. The execution id stays until that of the next call takes its place: removing a variable costs Bun as much
 * as half a call, because something listens behind process.env (variables.mjs). What gives the old ones back is returned, undefined where nothing changed.
 * @param {string} execId @param {Readonly<Record<string, string>>} variables @returns {(() => void) | undefined}
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
