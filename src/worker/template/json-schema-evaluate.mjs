/**
 * Applies one JSON Schema to one value: the arguments of the keywords' rules, and how they continue to other schemas
 * and values.
 */
import { isArray, mapForEach, MapOf, mapSet, ObjectFreeze, push } from './primordials.mjs'
import { isObject } from './values.mjs'

/** @typedef {import('./json-schema-document.mjs').Place} Place */
/**
 * The issues found; when the list is full, the evaluation ends.
 * @typedef {{ list: { at: Place, message: string }[], limit: number }} Findings
 */
/**
 * One schema applied to one value. `seen` contains the evaluated names and indexes, where that matters.
 * @typedef {{ document: import('./json-schema-document.mjs').SchemaDocument, schema: any, value: any, at: Place, findings: Findings, seen: Map<string | number, true> | null, depth: number }} Frame
 */

/**
 * The deepest nesting of schemas for one value. Anything deeper is rejected, so a schema that refers to itself ends
 * too.
 */
const MAX_SCHEMA_DEPTH = 1000
export const TOO_DEEP = ObjectFreeze({ reason: 'too deep' })

/** @param {number} limit @returns {Findings} */
export const nothingFound = (limit) => ({ list: [], limit })

/** @param {Findings} findings @param {Place} at @param {string} message @returns {false} */
export function refuse(findings, at, message) {
  if (findings.list.length < findings.limit) push(findings.list, { at, message })
  return false
}

/** @param {import('./json-schema-document.mjs').SchemaDocument} document @param {any} schema @param {any} value @param {Place} at @param {Findings} findings @param {Frame['seen']} seen @param {number} depth */
export function evaluate(document, schema, value, at, findings, seen, depth) {
  if (schema === false) return refuse(findings, at, 'is not allowed')
  if (!isObject(schema) || isArray(schema)) return true
  if (depth > MAX_SCHEMA_DEPTH) throw TOO_DEEP
  const frame = { document, schema, value, at, findings, seen, depth }
  const plan = document.plan(schema)
  let valid = true
  for (let i = 0; i < plan.length && (valid || findings.list.length < findings.limit); i++) {
    if (!plan[i].rule(frame, plan[i].given)) valid = false
  }
  return valid
}

/**
 * Applies another schema to the same value. What a failing schema evaluated does not count.
 * @param {Frame} frame
 * @param {any} schema
 */
export function here(frame, schema, findings = frame.findings) {
  const seen = frame.seen === null ? null : new MapOf()
  const valid = evaluate(frame.document, schema, frame.value, frame.at, findings, seen, frame.depth + 1)
  if (valid && seen !== null) mapForEach(seen, (/** @type {true} */ _, /** @type {string | number} */ key) => mapSet(frame.seen, key, true))
  return valid
}

/** Applies a schema to the value at a key. @param {Frame} frame @param {any} schema @param {string | number} key */
export function below(frame, schema, key, findings = frame.findings) {
  if (frame.seen !== null) mapSet(frame.seen, key, true)
  const seen = frame.document.tracks ? new MapOf() : null
  return evaluate(frame.document, schema, frame.value[key], { parent: frame.at, key }, findings, seen, frame.depth + 1)
}
