/** Makes the texts of a JSON Schema safe to show to a person: see `../printable.js`. What a schema requires stays as it is. */

import { printableLines } from '../printable.js'
import { isTable } from './moved-schema.js'

/** Keywords whose strings are compared, looked up or sent back, and are no texts. */
const MEANING = new Set(
  '$schema $id $ref $anchor $dynamicRef $dynamicAnchor $recursiveRef $vocabulary enum const default examples required dependentRequired dependencies pattern'.split(
    ' ',
  ),
)

/** @param {any} schema @returns {any} the same with every text printable: titles, descriptions, comments and unknown keywords */
export function printableSchema(schema) {
  if (typeof schema === 'string') return printableLines(schema)
  if (Array.isArray(schema)) return schema.map(printableSchema)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, keyword(key, value)]))
}

/** @param {string} key @param {any} value */
function keyword(key, value) {
  if (MEANING.has(key)) return value
  if (!isTable(key, value)) return printableSchema(value)
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, printableSchema(schema)]))
}
