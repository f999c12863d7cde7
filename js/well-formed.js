/**
 * JavaScript's strings may hold half of a surrogate pair, and JSON writes it as an escape. Parsers of other languages refuse a whole
 * request over one, so nothing that is sent to a model or an MCP client has any: U+FFFD takes its place.
 */

/** How JSON.stringify writes a half; a backslash before it may make it another text, which is looked at then. */
const HALF = /\\ud[89a-f]/

/** Whether JSON text may have a half in it. @param {string | undefined} json */
export const mayHaveHalves = (json) => json !== undefined && HALF.test(json)

/**
 * JSON data without halves, its names included. What has none is given back as it is.
 * @template T @param {T} value @returns {T}
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
