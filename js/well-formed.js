/**
 * Replaces unpaired surrogates. JavaScript's strings may contain them, and JSON writes them as escapes, but parsers of
 * other languages reject a whole request because of one. So nothing that is sent to a model or an MCP client contains
 * any: U+FFFD takes its place.
 */

/**
 * How JSON.stringify writes an unpaired surrogate. A preceding backslash may make it another text, which is checked
 * then.
 */
const HALF = /\\ud[89a-f]/

/** Whether JSON text may contain an unpaired surrogate. @param {string | undefined} json */
export const mayHaveHalves = (json) => json !== undefined && HALF.test(json)

/**
 * JSON data without unpaired surrogates, property names included. Data without any is returned unchanged.
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function wellFormed(value) {
  if (typeof value === 'string') return /** @type {any} */ (value.isWellFormed() ? value : value.toWellFormed())
  if (typeof value !== 'object' || value === null || !mayHaveHalves(JSON.stringify(value))) return value
  return mended(value)
}

/** @param {any} value @returns {any} */
function mended(value) {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(mended)
  if (typeof value !== 'object' || value === null || typeof value.toJSON === 'function') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name.toWellFormed(), mended(member)]))
}
