/** Moves a JSON Schema into another one: references that start at its root are rewritten to its new place. */

/** Keywords whose value is data and contains no schema. */
const DATA = new Set(['enum', 'const', 'default', 'examples'])
/** Keywords whose value is a table of schemas with names of the author's choice. */
const TABLES = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'])
/** @param {string} key @param {any} value whether it is such a table */
export const isTable = (key, value) => TABLES.has(key) && typeof value === 'object' && value !== null

/** These move to the root of the wrapper, so that references to them stay right. */
const SHARED = /^#\/(?:\$defs|definitions)(?:\/|$)/

/** A reference from the root of the schema: `#` itself or a path, but not an anchor. */
const FROM_ROOT = /^#(?:\/|$)/

/** @param {string} reference @param {string} place */
const moved = (reference, place) => (FROM_ROOT.test(reference) && !SHARED.test(reference) ? `${place}${reference.slice(1)}` : reference)

/**
 * @param {any} schema @param {string} place a JSON pointer fragment such as `#/properties/input`
 * @returns {any}
 */
export function movedSchema(schema, place) {
  if (Array.isArray(schema)) return schema.map((entry) => movedSchema(entry, place))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, movedKeyword(key, value, place)]))
}

/** @param {string} key @param {any} value @param {string} place */
function movedKeyword(key, value, place) {
  if (DATA.has(key)) return value
  if (key === '$ref' && typeof value === 'string') return moved(value, place)
  if (!isTable(key, value)) return movedSchema(value, place)
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, movedSchema(schema, place)]))
}
