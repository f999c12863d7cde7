/** Adds a permission to toolwarden.json, with the consent of the user who was asked. */

import { allowing } from '../permission-flags.js'
import { UsageError } from '../usage-error.js'
import { readSettings } from './file.js'
import { saveSettings, settingsTexts } from './save.js'
import { isAgreedTo } from './widening.js'

/** The list that a file without one means. @type {Record<string, string[]>} */
const DEFAULTS = { bunPermissions: ['--allow-read'], nodeOptions: [] }

/** @param {unknown} runtime */
export const fieldOf = (runtime) => (runtime === 'node' ? 'nodeOptions' : 'bunPermissions')

/**
 * Whether writing makes nothing count that the user has not agreed to: the file is trusted as a whole afterwards.
 * @param {string} file
 * @param {unknown} runtime
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [key] the entry of `tools` whose list is meant; undefined: the manager's list
 */
export function canExtend(file, runtime, env, key) {
  try {
    const read = readSettings(file)
    if (read === undefined) return key === undefined
    const list = place(read.settings, key)[fieldOf(runtime)]
    // The entry's list is in force, so it stands in the file or it was given otherwise.
    if (list === undefined) return key === undefined && isAgreedTo(read, env)
    return isAgreedTo(read, env) && Array.isArray(list) && list.every((item) => typeof item === 'string')
  } catch {
    return false
  }
}

/**
 * The object of the settings that has the list.
 * @param {unknown} settings
 * @param {string | undefined} key
 * @returns {Record<string, any>}
 */
const place = (settings, key) => (key === undefined ? Object(settings) : Object(Object(Object(settings).tools)[key]))

/**
 * Keeps the order of the fields. Trusts the file as it is then.
 * @param {string} file
 * @param {string} flag
 * @param {unknown} runtime
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [key] as above
 * @returns {string | undefined} why it is not remembered that the file is trusted
 */
export function extendSettings(file, flag, runtime, env, key) {
  // Looked at again: it may have changed while the question was open.
  if (!canExtend(file, runtime, env, key)) throw new UsageError(`${file} changed meanwhile and was not written`)
  const settings = readSettings(file)?.settings
  const field = fieldOf(runtime)
  const entry = place(settings, key)
  const allowed = { ...entry, ...allowing(runtime, entry[field] ?? DEFAULTS[field] ?? [], flag) }
  const extended = key === undefined ? allowed : { ...settings, tools: { ...settings?.tools, [key]: allowed } }
  const exists = settings !== undefined
  return saveSettings(file, settingsTexts(file, extended, exists).after, exists, env)
}
