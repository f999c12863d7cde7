/**
 * A tool's schemas: what `listTools` shows, and what values must match.
 *
 * Held: Standard Schema v1 (`~standard`). A plain JSON Schema and the AI SDK's `jsonSchema()` are shown in the catalogue and
 * let every value pass.
 */
import { asText, isObject } from './values.mjs'
import { ErrorOf, isArray, join, promiseResolve, promiseThen, push } from './primordials.mjs'

/** @typedef {{ path: string, message: string }} Issue */
/** @typedef {{ issues: Issue[] } | { value: unknown }} Verdict */

/** Whether values are checked against it at all. @param {any} schema */
export const isChecked = (schema) => standardOf(schema) !== undefined

/** @param {any} schema */
function standardOf(schema) {
  const standard = (isObject(schema) || typeof schema === 'function') && schema['~standard']
  return isObject(standard) && typeof standard.validate === 'function' ? standard : undefined
}

/**
 * Checks a value; `done` is called before this returns where the schema is synchronous.
 * @param {any} schema @param {unknown} value @param {(verdict: Verdict) => void} done @param {(error: unknown) => void} failed
 */
export function check(schema, value, done, failed) {
  const standard = standardOf(schema)
  if (standard === undefined) return done({ value })
  let verdict
  try {
    verdict = standard.validate(value)
  } catch (error) {
    return failed(error)
  }
  if (isObject(verdict) && typeof verdict.then === 'function') {
    promiseThen(promiseResolve(verdict), (/** @type {any} */ late) => done(verdictOf(late)), failed)
  } else {
    done(verdictOf(verdict))
  }
}

/** @param {any} verdict @returns {Verdict} */
function verdictOf(verdict) {
  if (!isArray(verdict.issues)) return { value: verdict.value }
  /** @type {Issue[]} */
  const issues = []
  for (let i = 0; i < verdict.issues.length; i++) {
    const { path, message } = verdict.issues[i]
    push(issues, { __proto__: null, path: pathText(path), message: asText(message) })
  }
  return { issues }
}

/** `user.tags.0` @param {any} path */
function pathText(path) {
  /** @type {string[]} */
  const keys = []
  for (let i = 0; isArray(path) && i < path.length; i++) push(keys, asText(isObject(path[i]) ? path[i].key : path[i]))
  return join(keys, '.')
}

/** One line for people. @param {string} what @param {Issue[]} issues */
export function issuesText(what, issues) {
  /** @type {string[]} */
  const lines = []
  for (let i = 0; i < issues.length; i++) push(lines, issues[i].path === '' ? issues[i].message : `${issues[i].path}: ${issues[i].message}`)
  return `${what} does not match the tool's schema: ${join(lines, '; ')}`
}

/** JSON Schema of a schema, null where there is none. @param {any} schema @param {'input' | 'output'} side @returns {unknown} */
export function jsonSchemaOf(schema, side) {
  if (!isObject(schema) && typeof schema !== 'function') return null
  try {
    const standard = schema['~standard']
    if (standard !== undefined) {
      const convert = standard.jsonSchema?.[side]
      if (typeof convert === 'function') return convert({ target: 'draft-2020-12' })
      if (typeof schema.toJSONSchema === 'function') return schema.toJSONSchema({ io: side })
      return null
    }
    // The AI SDK's jsonSchema() wraps; anything else that is an object is the schema itself.
    const wrapped = schema.jsonSchema
    const plain = wrapped === undefined ? schema : wrapped
    return isObject(plain) && !(plain instanceof ErrorOf) && typeof plain.then !== 'function' ? plain : null
  } catch {
    // A schema that JSON Schema cannot express still checks values.
    return null
  }
}
