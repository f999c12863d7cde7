/**
 * Opens a manager for a command and ensures that no process outlives it. The package itself is imported only then: without
 * the addon it cannot be, and help must work all the same.
 */

import { WITH_NODE, WITH_NPX } from '../hints.js'
import { nearest } from '../nearest.js'
import { printable } from '../printable.js'
import { findEntrypoint } from './entrypoint.js'
import { splitPermissionFlags } from './permission-flags.js'
import { commandConfig } from './settings/command-config.js'

/** @typedef {import('./context.d.ts').Context} Context */
/** @typedef {import('../../index.d.ts').Manager} ManagerType */

/**
 * Names the origin of each wrong field.
 * @param {any} error
 * @param {import('./settings/command-config.js').Origin} origin
 */
function withOrigins(error, origin) {
  if (!Array.isArray(error?.problems)) return error
  for (const problem of error.problems) {
    const from = origin(problem.field)
    if (from !== undefined) problem.field = `${problem.field} (${from})`
  }
  return error
}

/**
 * Without Bun, names what a command line can do about it. npx installs the package alone, and says so in a variable.
 * @param {any} error @param {NodeJS.ProcessEnv} env
 */
function withRuntimes(error, env) {
  if (error?.code !== 'ERR_RUNTIME_NOT_FOUND' || !error.message.startsWith('bun executable not found on PATH')) return error
  error.hint = env.npm_command === 'exec' ? WITH_NPX : `${error.hint}, ${WITH_NODE}`
  return error
}

/** @param {any} error @param {ManagerType} manager */
async function withNearestTool(error, manager) {
  if (error?.code !== 'ERR_TOOL_NOT_FOUND') return error
  const tools = await manager.listTools()
  const meant = nearest(
    error.toolId,
    tools.map(({ id }) => id),
  )
  if (meant !== undefined) error.hint = `did you mean \`${printable(meant)}\`?`
  return error
}

/** A word as it must be typed into a shell. @param {string} word */
const shellWord = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/**
 * All flags for the next run: flags on the command line replace the default, so the missing flag alone would remove
 * what was allowed.
 * @param {any} error
 * @param {ManagerType} manager
 */
function withFlags(error, manager) {
  if (error?.code !== 'ERR_ACCESS_DENIED') return error
  // Takes the flag from the error, not from the hint's text: cut out of a path with a blank it would be another, wider
  // flag.
  const denial = error.denials.findLast(
    (/** @type {import('../../index.d.ts').Denial} */ one) => one.permission === error.permission && one.resource === error.resource,
  )
  const missing = denial?.flag ?? ''
  if (missing === '' || printable(missing) !== missing) return error
  const { runtimeType, bunPermissions, nodeOptions } = manager.config
  const given = splitPermissionFlags(runtimeType === 'node' ? nodeOptions : bunPermissions).flags
  // Node's list is empty by default, which means reading.
  const now = given.length === 0 && runtimeType === 'node' ? ['--allow-read'] : given
  error.hint = `run it again with \`${[...now, missing].map(shellWord).join(' ')}\``
  return error
}

/**
 * @template T
 * @param {Context} context
 * @param {object} given
 * @param {string} given.entrypoint as on the command line
 * @param {{ timeout?: string, runtime?: string, trust?: boolean }} [given.options]
 * @param {boolean} [given.withFile] whether toolwarden.json is read
 * @param {import('../../index.d.ts').Config} [given.overrides]
 * @param {(manager: ManagerType) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withManager(context, { entrypoint, options = {}, withFile = false, overrides }, use) {
  const { configFromEnv, Manager } = await import('../../index.js')
  const { config, origin } = commandConfig({
    configFromEnv,
    entrypoint: findEntrypoint(entrypoint, context.cwd),
    options,
    permissions: context.permissions,
    env: context.env,
    withFile,
    note: (line) => context.terminal.note(line),
    ...(overrides === undefined ? {} : { overrides }),
  })
  let manager
  try {
    manager = new Manager(context.cwd, config)
  } catch (error) {
    throw withRuntimes(withOrigins(error, origin), context.env)
  }
  const opened = manager
  const forget = context.interrupts.whenForced(() => void opened.close({ force: true }))
  try {
    return await use(manager)
  } catch (error) {
    throw withFlags(await withNearestTool(error, manager), manager)
  } finally {
    await manager.close({ force: true })
    forget()
  }
}
