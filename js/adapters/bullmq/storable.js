/**
 * What a queue can store. PostgreSQL has no U+0000 in text and no half of a surrogate pair in jsonb: a job whose failure cannot be
 * written stays active for ever, and one whose result cannot runs a second time.
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

/** What JSON writes for U+0000 and for halves; a backslash before it may make it another text, which is looked at then. */
const SUSPECT = /\\u(?:0000|d[89a-f])/

/** A result that jsonb cannot hold. It is the tool's, and would be the same the next time. */
export class NotStorable extends Error {
  code = 'ERR_OUTPUT_INVALID'
  fault = 'tool'
  hint = 'return text without U+0000 and without halves of surrogate pairs: encode bytes, for example as base64'
  constructor() {
    super("the result has a character that PostgreSQL's jsonb cannot hold")
  }
}

/** The result as it is, where it can be stored. @param {unknown} result */
export function storableResult(result) {
  const text = JSON.stringify(result)
  if (text === undefined) return null
  if (SUSPECT.test(text) && JSON.stringify(storableValue(result)) !== text) throw new NotStorable()
  return result
}
