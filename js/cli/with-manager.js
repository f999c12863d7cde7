/**
 * Opens a manager for a command and ensures that no process outlives it. The package itself is imported only then: without
 * the addon it cannot be, and help must work all the same.
 */

import { didYouMean, WITH_NODE, WITH_NPX } from '../hints.js'
import { nearest } from '../nearest.js'
import { printable } from '../printable.js'
import { keyOfList } from '../tool-entry.js'
import { deniedBy } from './denied-flag.js'
import { findEntrypoint } from './entrypoint.js'
import { runAgainWith } from './hints.js'
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
  if (meant !== undefined) error.hint = didYouMean(printable(meant))
  return error
}

/**
 * All flags for the next run: flags on the command line replace the default, so the missing flag alone would remove
 * what was allowed.
 * @param {any} error
 * @param {ManagerType} manager
 */
function withFlags(error, manager) {
  const missing = deniedBy(error)?.flag ?? ''
  if (missing === '' || printable(missing) !== missing) return error
  const { runtimeType, bunPermissions, nodeOptions, tools } = manager.config
  // Flags on the command line would replace the tool's own list; the core's hint names where that stands.
  if (keyOfList(tools, error.toolId, runtimeType) !== undefined) return error
  const given = splitPermissionFlags(runtimeType === 'node' ? nodeOptions : bunPermissions).flags
  // Node's list is empty by default, which means reading.
  const now = given.length === 0 && runtimeType === 'node' ? ['--allow-read'] : given
  error.hint = runAgainWith([...now, missing])
  return error
}

/**
 * What a manager is opened with.
 * @typedef {object} Given
 * @property {string} entrypoint as on the command line
 * @property {{ timeout?: string, runtime?: string, trust?: boolean }} [options]
 * @property {boolean} [withFile] whether toolwarden.json is read
 * @property {import('../../index.d.ts').Config} [overrides]
 * @property {string[]} [permissions] instead of the flags of the command line
 */

/** Whoever opens it closes it. @param {Context} context @param {Given} given @returns {Promise<ManagerType>} */
export async function openManager(context, { entrypoint, options = {}, withFile = false, overrides, permissions = context.permissions }) {
  const { configFromEnv, Manager } = await import('../../index.js')
  const { config, origin } = commandConfig({
    configFromEnv,
    entrypoint: findEntrypoint(entrypoint, context.cwd),
    options,
    permissions,
    env: context.env,
    withFile,
    note: (line) => context.terminal.note(line),
    ...(overrides === undefined ? {} : { overrides }),
  })
  try {
    return new Manager(context.cwd, config)
  } catch (error) {
    throw withRuntimes(withOrigins(error, origin), context.env)
  }
}

/**
 * @template T
 * @param {Context} context
 * @param {Given} given
 * @param {(manager: ManagerType) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withManager(context, given, use) {
  const manager = await openManager(context, given)
  const forget = context.interrupts.whenForced(() => void manager.close({ force: true }))
  try {
    return await use(manager)
  } catch (error) {
    throw withFlags(await withNearestTool(error, manager), manager)
  } finally {
    await manager.close({ force: true })
    forget()
  }
}
