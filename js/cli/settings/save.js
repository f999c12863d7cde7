/** Writes toolwarden.json with the consent of the user, who trusts it as it is then. */

import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { replaceFile } from './replace-file.js'
import { trust } from './trusted.js'

/** As the file is indented; two blanks for a new one. @param {string} text */
const indentOf = (text) => /^\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? '  '

/** What the file is and would be. @param {string} file @param {object} settings @param {boolean} exists */
export function settingsTexts(file, settings, exists) {
  const before = exists ? readFileSync(realpathSync(file), 'utf8') : ''
  return { before, after: `${JSON.stringify(settings, null, exists ? indentOf(before) : '  ')}\n` }
}

/**
 * Keeps the file's mode.
 * @param {string} file
 * @param {string} text
 * @param {boolean} exists
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} why it is not remembered that the file is trusted
 */
export function saveSettings(file, text, exists, env) {
  const path = exists ? realpathSync(file) : file
  replaceFile(path, text, exists ? statSync(path).mode & 0o777 : 0o644)
  return trust(realpathSync(path), createHash('sha256').update(text).digest('hex'), env)
}
