/** Reads toolwarden.json beside an entrypoint. The author of the project wrote it, so it is not trusted. */

import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { SETTINGS_HOLD } from '../hints.js'
import { parseJson } from '../json-argument.js'
import { UsageError } from '../usage-error.js'

/** The largest size in bytes. Real settings take a thousandth of it. */
const LARGEST = 1024 * 1024

/**
 * @typedef {object} SettingsFile
 * @property {string} path its real one
 * @property {string} hash SHA-256 of what was read, in hexadecimal
 * @property {import('../../../index.d.ts').Config} settings
 */

/** Opened without waiting, because a named pipe would block the command for ever. @param {string} file */
function readBytes(file) {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new UsageError(`${file} is not a file`, SETTINGS_HOLD)
    if (stats.size > LARGEST) throw new UsageError(`${file} has ${stats.size} bytes, more than the ${LARGEST} that settings may have`, SETTINGS_HOLD)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** @param {string} file @returns {SettingsFile | undefined} undefined where there is none */
export function readSettings(file) {
  let bytes
  try {
    bytes = readBytes(file)
  } catch (error) {
    const { code } = Object(error)
    if (code === 'ENOENT') return undefined
    if (code === undefined) throw error
    throw new UsageError(`${file} cannot be read: ${code}`)
  }
  const settings = parseJson(bytes.toString('utf8'), file, SETTINGS_HOLD)
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new UsageError(`${file} must hold an object`, SETTINGS_HOLD)
  }
  return { path: realpathSync(file), hash: createHash('sha256').update(bytes).digest('hex'), settings }
}
