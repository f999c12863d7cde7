/** The configuration of a command: flags over TOOLWARDEN_* variables over toolwarden.json beside the entrypoint. */

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { configFromEnv } from '../../index.js'
import { parseJson } from './json-argument.js'
import { permissionConfig } from './permission-flags.js'
import { UsageError } from './usage-error.js'

/** @typedef {import('../../index.d.ts').Config} Config */

export const SETTINGS_FILE = 'toolwarden.json'

/** @param {string} file @returns {Config} */
function readSettings(file) {
  if (!existsSync(file)) return {}
  const settings = parseJson(readFileSync(file, 'utf8'), file, `${SETTINGS_FILE} holds one object of configuration fields`)
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings
  throw new UsageError(`${file} must hold an object`, `${SETTINGS_FILE} holds one object of configuration fields`)
}

/** @param {string} field */
const variableOf = (field) => `TOOLWARDEN_${field.replace(/[A-Z]/g, '_$&').toUpperCase()}`

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
 * @param {{ timeout?: string, runtime?: string }} given.options
 * @param {string[]} given.permissions
 * @param {NodeJS.ProcessEnv} given.env
 * @param {boolean} given.withFile
 * @param {Config} [given.overrides] what the command is about: wins over everything
 * @returns {{ config: Config, origin: Origin }}
 */
export function commandConfig({ entrypoint, options, permissions, env, withFile, overrides = {} }) {
  const file = path.join(path.dirname(entrypoint), SETTINGS_FILE)
  const fromFile = withFile ? readSettings(file) : {}
  const fromEnv = configFromEnv(env)
  const runtime = options.runtime ?? fromEnv.runtimeType ?? fromFile.runtimeType
  /** @type {Config} */
  const fromFlags = {
    ...permissionConfig(permissions, runtime),
    ...(options.timeout === undefined ? {} : { toolExecutionTimeout: options.timeout }),
    ...(options.runtime === undefined ? {} : { runtimeType: /** @type {any} */ (options.runtime) }),
  }
  /** @type {Origin} */
  const origin = (field) => {
    const name = /^\w+/.exec(field)?.[0] ?? field
    if (Object.hasOwn(fromFlags, name)) return FLAG_OF[name]
    if (Object.hasOwn(fromEnv, name)) return variableOf(name)
    return Object.hasOwn(fromFile, name) ? file : undefined
  }
  return { config: { ...fromFile, ...fromEnv, ...fromFlags, ...overrides, entrypointPath: entrypoint }, origin }
}
