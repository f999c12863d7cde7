import { STORABLE_TEXT } from '../../hints.js'

/**
 * Replaces text that a queue cannot store. PostgreSQL accepts no U+0000 in text and no half of a surrogate pair in
 * jsonb: a job whose failure cannot be written stays active for ever, and one whose result cannot be written runs a
 * second time.
 */

/** @param {string} text */
export const storableText = (text) => text.toWellFormed().replaceAll('\0', '\uFFFD')

/** @template T @param {T} value JSON data @returns {T} */
export function storableValue(value) {
  if (typeof value === 'string') return /** @type {any} */ (storableText(value))
  if (Array.isArray(value)) return /** @type {any} */ (value.map(storableValue))
  if (typeof value !== 'object' || value === null) return value
  return /** @type {any} */ (Object.fromEntries(Object.entries(value).map(([name, member]) => [storableText(name), storableValue(member)])))
}

/**
 * The escapes that JSON writes for U+0000 and for halves of pairs. After a backslash the same characters may be other
 * text, so such a match is examined.
 */
const SUSPECT = /\\u(?:0000|d[89a-f])/

/** The error for a result that jsonb cannot store. The tool caused it, and would return the same the next time. */
export class NotStorable extends Error {
  code = 'ERR_OUTPUT_INVALID'
  fault = 'tool'
  hint = STORABLE_TEXT
  constructor() {
    super("the result has a character that PostgreSQL's jsonb cannot hold")
  }
}

/** Returns the result unchanged if it can be stored. @param {unknown} result */
export function storableResult(result) {
  const text = JSON.stringify(result)
  if (text === undefined) return null
  if (SUSPECT.test(text) && JSON.stringify(storableValue(result)) !== text) throw new NotStorable()
  return result
}
