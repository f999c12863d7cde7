/**
 * The configuration of a command: flags override TOOLWARDEN_* variables, which override toolwarden.json beside the
 * entrypoint.
 */

import path from 'node:path'
import { isRecord } from '../../user-value.js'
import { permissionConfig } from '../permission-flags.js'
import { readSettings } from './file.js'
import { SETTINGS_FILE } from './name.js'
import { allowWidening } from './widening.js'

/** @typedef {import('../../../index.d.ts').Config} Config */

/** @param {string} field */
const variableOf = (field) => `TOOLWARDEN_${field.replace(/[A-Z]/g, '_$&').toUpperCase()}`

/**
 * The variables that configure this command, as they are set.
 * @param {NodeJS.ProcessEnv} env
 * @param {(env: NodeJS.ProcessEnv) => Config} configFromEnv the package's; it is imported late, see with-manager.js
 * @returns {Record<string, string>}
 */
export const configVariables = (env, configFromEnv) =>
  Object.fromEntries(Object.keys(configFromEnv(env)).map((field) => [variableOf(field), env[variableOf(field)] ?? '']))

/**
 * What the command line or a variable says holds for all tools: the settings of single tools in the file do not replace it.
 * @param {Config} settings
 * @param {Config} overruling
 * @returns {Config}
 */
function withoutOverruled(settings, overruling) {
  if (!isRecord(settings.tools)) return settings
  const rest = (/** @type {unknown} */ given) =>
    isRecord(given) ? Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(overruling, name))) : given
  const tools = Object.fromEntries(Object.entries(settings.tools).map(([key, given]) => [key, rest(given)]))
  return { ...settings, tools: /** @type {any} */ (tools) }
}

/** Which flag sets a field. @type {Record<string, string>} */
const FLAG_OF = {
  toolExecutionTimeout: '--timeout',
  runtimeType: '--runtime',
  bunPermissions: 'the permission flags',
  nodeOptions: 'the permission flags',
}

/**
 * Where a field's value came from, for error messages.
 * @typedef {(field: string) => string | undefined} Origin
 */

/**
 * @param {object} given
 * @param {string} given.entrypoint absolute
 * @param {{ timeout?: string, runtime?: string, trust?: boolean }} given.options
 * @param {string[]} given.permissions
 * @param {NodeJS.ProcessEnv} given.env
 * @param {(env: NodeJS.ProcessEnv) => Config} given.configFromEnv the package's; it is imported late, see with-manager.js
 * @param {boolean} given.withFile
 * @param {(line: string) => void} given.note tells the user on stderr
 * @param {Config} [given.overrides] what the command is about: wins over everything
 * @returns {{ config: Config, origin: Origin }}
 */
export function commandConfig({ entrypoint, options, permissions, env, configFromEnv, withFile, note, overrides = {} }) {
  const file = path.join(path.dirname(entrypoint), SETTINGS_FILE)
  const read = withFile ? readSettings(file) : undefined
  /** @type {Config} */
  const inFile = read?.settings ?? {}
  const fromEnv = configFromEnv(env)
  const runtime = options.runtime ?? fromEnv.runtimeType ?? inFile.runtimeType
  /** @type {Config} */
  const fromFlags = {
    ...permissionConfig(permissions, runtime),
    ...(options.timeout === undefined ? {} : { toolExecutionTimeout: options.timeout }),
    ...(options.runtime === undefined ? {} : { runtimeType: /** @type {any} */ (options.runtime) }),
  }
  const fromFile = withoutOverruled(inFile, { ...fromEnv, ...fromFlags })
  /** @type {Origin} */
  const origin = (field) => {
    const name = /^\w+/.exec(field)?.[0] ?? field
    if (Object.hasOwn(fromFlags, name)) return FLAG_OF[name]
    if (Object.hasOwn(fromEnv, name)) return variableOf(name)
    return Object.hasOwn(fromFile, name) ? file : undefined
  }
  if (read !== undefined) {
    // An overridden setting has no effect, so there is nothing to ask about.
    const overruled = { ...fromEnv, ...fromFlags, ...overrides, entrypointPath: entrypoint }
    const effective = Object.fromEntries(Object.entries(fromFile).filter(([name]) => !Object.hasOwn(overruled, name)))
    allowWidening({ ...read, settings: effective }, { trust: options.trust === true, env, note })
  }
  return { config: { ...fromFile, ...fromEnv, ...fromFlags, ...overrides, entrypointPath: entrypoint }, origin }
}
