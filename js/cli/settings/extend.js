/** Adds a permission to toolwarden.json, with the consent of the user who was asked. */

import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { allowing } from '../permission-flags.js'
import { UsageError } from '../usage-error.js'
import { readSettings } from './file.js'
import { replaceFile } from './replace-file.js'
import { trust } from './trusted.js'
import { isAgreedTo } from './widening.js'

/** The list that a file without one means. @type {Record<string, string[]>} */
const DEFAULTS = { bunPermissions: ['--allow-read'], nodeOptions: [] }

/** @param {unknown} runtime */
const fieldOf = (runtime) => (runtime === 'node' ? 'nodeOptions' : 'bunPermissions')

/**
 * Whether writing makes nothing count that the user has not agreed to: the file is trusted as a whole afterwards.
 * @param {string} file
 * @param {unknown} runtime
 * @param {NodeJS.ProcessEnv} env
 */
export function canExtend(file, runtime, env) {
  try {
    const read = readSettings(file)
    if (read === undefined) return true
    const list = Object(read.settings)[fieldOf(runtime)]
    return isAgreedTo(read, env) && (list === undefined || (Array.isArray(list) && list.every((item) => typeof item === 'string')))
  } catch {
    return false
  }
}

/** As the file is indented; two blanks for a new one. @param {string} text */
const indentOf = (text) => /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? '  '

/**
 * Keeps the order of the fields. Trusts the file as it is then.
 * @param {string} file
 * @param {string} flag
 * @param {unknown} runtime
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} why it is not remembered that the file is trusted
 */
export function extendSettings(file, flag, runtime, env) {
  // Looked at again: it may have changed while the question was open.
  if (!canExtend(file, runtime, env)) throw new UsageError(`${file} changed meanwhile and was not written`)
  const settings = readSettings(file)?.settings
  const field = fieldOf(runtime)
  const list = settings?.[field] ?? DEFAULTS[field] ?? []
  const place = settings === undefined ? file : realpathSync(file)
  const indent = settings === undefined ? '  ' : indentOf(readFileSync(place, 'utf8'))
  const text = `${JSON.stringify({ ...settings, ...allowing(runtime, list, flag) }, null, indent)}\n`
  replaceFile(place, text, settings === undefined ? 0o644 : statSync(place).mode & 0o777)
  return trust(realpathSync(place), createHash('sha256').update(text).digest('hex'), env)
}
