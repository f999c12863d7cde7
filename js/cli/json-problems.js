/** Where a text stops being JSON, and what was probably meant. */

import { loadNative } from '../native.js'

/**
 * Where and why a text that JSON.parse refused stops being JSON. Engines report the position in different words, or not at all.
 * @param {string} text
 * @returns {{ line: number, column: number, problem: string } | undefined} undefined where the addon is missing
 */
export function findJsonError(text) {
  try {
    const found = loadNative().jsonProblem(text)
    return found === null ? undefined : JSON.parse(found)
  } catch {
    return undefined
  }
}

/** Longer texts are files, which nobody types again. */
const MENDABLE = 200

/**
 * The JSON that a JavaScript-like text means: names without quotes, single quotes, trailing commas, or a bare word.
 * @param {string} text
 * @returns {string | undefined}
 */
export function mend(text) {
  if (text.trim() === '' || text.length > MENDABLE) return undefined
  const candidates = [
    text
      .replace(/'((?:[^'"\\]|\\.)*)'/g, '"$1"')
      .replace(/([{,]\s*)([A-Za-z_$][\w$-]*)(\s*:)/g, '$1"$2"$3')
      .replace(/,(\s*[}\]])/g, '$1'),
  ]
  if (/^[\w ./:@-]+$/.test(text)) candidates.push(JSON.stringify(text.trim()))
  // A shell that removed the double quotes leaves the values bare as well.
  candidates.push(/** @type {string} */ (candidates[0]).replace(/(:\s*)([A-Za-z_][\w ./@-]*)(\s*[,}])/g, '$1"$2"$3'))
  return candidates.find((candidate) => {
    try {
      JSON.parse(candidate)
      return true
    } catch {
      return false
    }
  })
}
