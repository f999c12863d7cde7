/**
 * A tool's schemas: what `listTools` shows, and what values must match. Five kinds are supported:
 *
 * - Standard Schema v1 (`~standard`): zod from 3.24, arktype, valibot and others;
 * - any other object with zod's `safeParse`;
 * - the AI SDK's `jsonSchema()`;
 * - plain JSON Schema;
 * - a function or a promise that gives one of these.
 *
 * A schema is not touched before it is needed; a tool without one costs nothing.
 */
import { issueOf, issuesFrom, refusalText } from './issues.mjs'
import { jsonSchemaValidator } from './json-schema.mjs'
import {
  apply, ErrorOf, isArray, jsonParse, jsonStringify, ObjectPrototype, promiseResolve, promiseThen, prototypeOf, TypeErrorOf,
} from './primordials.mjs'
import { isObject } from './values.mjs'

/** @typedef {import('./issues.mjs').Issue} Issue */
/** `refusal`: the body of the answer. @typedef {{ refusal: string } | { value: unknown }} Verdict */
/** @typedef {'input' | 'output'} Side */
/** @typedef {(value: unknown, done: (verdict: Verdict) => void, failed: (error: unknown) => void) => void} Check calls `done` before it returns where the schema is synchronous */
/** @typedef {{ check: Check, json: () => unknown }} Schema `json`: JSON Schema, null where there is none; or a promise of it */

const AI_SCHEMA = Symbol.for('vercel.ai.schema')
const DRAFT = 'draft-2020-12'

/** @param {any} given what a tool has as its schema @param {Side} side @returns {Schema | undefined} undefined where values need no check */
export function schemaFrom(given, side) {
  if (given === true || given === false) return plain(given, side)
  if (!isObject(given) && typeof given !== 'function') return undefined
  if (hasStandard(given)) return standardSchema(given, side)
  if (typeof given.safeParse === 'function') return parsingSchema(given, side)
  if (typeof given === 'function') return later(given, side)
  if (isThenable(given)) return later(() => given, side)
  if (given[AI_SCHEMA] === true || given.jsonSchema !== undefined) return wrappedSchema(given, side)
  return isPlain(given) ? plain(given, side) : undefined
}

/** @param {any} given */
const hasStandard = (given) => isObject(given['~standard']) && typeof given['~standard'].validate === 'function'

/** @param {any} value */
const isThenable = (value) => isObject(value) && typeof value.then === 'function'

/** An instance of an unknown class is not a JSON Schema. @param {any} value */
function isPlain(value) {
  if (!isObject(value) || isArray(value)) return false
  const prototype = prototypeOf(value)
  return prototype === null || prototype === ObjectPrototype
}

/** @param {Side} side @param {Issue[]} issues @returns {Verdict} */
const refused = (side, issues) => ({ refusal: refusalText(side, issues) })

/**
 * Passes a value, or that of a promise, to `then`.
 * @param {any} value
 * @param {(value: any) => void} then
 * @param {(error: unknown) => void} failed
 */
function settle(value, then, failed) {
  if (isThenable(value)) promiseThen(promiseResolve(value), then, failed)
  else then(value)
}

/** @param {any} given @param {Side} side @returns {Schema} */
function standardSchema(given, side) {
  return {
    check(value, done, failed) {
      let result
      try {
        result = given['~standard'].validate(value)
      } catch (error) {
        return failed(error)
      }
      settle(result, (found) => done(isArray(found.issues) ? refused(side, issuesFrom(found.issues)) : { value: found.value }), failed)
    },
    json() {
      const { jsonSchema } = given['~standard']
      const convert = jsonSchema?.[side]
      if (typeof convert === 'function') {
        try {
          return apply(convert, jsonSchema, [{ target: DRAFT }])
        } catch {
          // zod: parts that JSON Schema cannot express become "anything", which is more useful than no schema.
          return apply(convert, jsonSchema, [{ target: DRAFT, libraryOptions: { unrepresentable: 'any' } }])
        }
      }
      // Methods that predate the standard: zod's, then arktype's.
      if (typeof given.toJSONSchema === 'function') return given.toJSONSchema({ target: DRAFT, io: side, unrepresentable: 'any' })
      const half = side === 'input' ? given.in : given.out
      return typeof half?.toJsonSchema === 'function' ? half.toJsonSchema() : null
    },
  }
}

/** zod before Standard Schema. @param {any} given @param {Side} side @returns {Schema} */
const parsingSchema = (given, side) => ({
  check(value, done, failed) {
    const parse = typeof given.safeParseAsync === 'function' ? given.safeParseAsync : given.safeParse
    let result
    try {
      result = apply(parse, given, [value])
    } catch (error) {
      return failed(error)
    }
    settle(result, (found) => done(found.success ? { value: found.data } : refused(side, issuesOfError(found.error))), failed)
  },
  json: () => null,
})

/** The AI SDK's. @param {any} given @param {Side} side @returns {Schema} */
function wrappedSchema(given, side) {
  /** @type {Schema | undefined} */
  let inner
  return {
    check(value, done, failed) {
      let result
      try {
        if (typeof given.validate !== 'function') {
          inner ??= later(() => given.jsonSchema, side)
          return inner.check(value, done, failed)
        }
        result = given.validate(value)
      } catch (error) {
        return failed(error)
      }
      settle(result, (found) => done(found.success ? { value: found.value } : refused(side, issuesOfError(found.error))), failed)
    },
    json: () => given.jsonSchema,
  }
}

/** The issues of a zod error, of an AI SDK error around one, or the error's own text. @param {any} error */
function issuesOfError(error) {
  if (isArray(error?.issues)) return issuesFrom(error.issues)
  if (isArray(error?.cause)) return issuesFrom(error.cause)
  if (isArray(error?.cause?.issues)) return issuesFrom(error.cause.issues)
  return [issueOf('', error instanceof ErrorOf ? error.message : 'is not valid')]
}

/** @param {unknown} given @param {Side} side @returns {Schema} */
function plain(given, side) {
  /** @type {ReturnType<typeof jsonSchemaValidator> | undefined} */
  let validate
  return {
    check(value, done, failed) {
      let issues
      try {
        // A copy as JSON: without getters or cycles, and nobody else can change it.
        validate ??= jsonSchemaValidator(jsonParse(jsonStringify(given)))
        // The caller receives the result as JSON, and the schema describes that form.
        if (side === 'output') {
          const text = jsonStringify(value)
          value = text === undefined ? undefined : jsonParse(text)
        }
        issues = validate(value)
      } catch (error) {
        return failed(error)
      }
      done(issues.length > 0 ? refused(side, issues) : { value })
    },
    json: () => given,
  }
}

/**
 * A schema that is created once, when it is first needed.
 * @param {() => unknown} make
 * @param {Side} side
 * @returns {Schema}
 */
function later(make, side) {
  /** @type {Promise<Schema> | undefined} */
  let made
  const schema = () =>
    (made ??= promiseThen(promiseThen(promiseResolve(), make), (/** @type {unknown} */ given) => {
      const found = schemaFrom(given, side)
      if (found === undefined) throw new TypeErrorOf(`the tool's ${side} schema is of no known kind`)
      return found
    }))
  return {
    check: (value, done, failed) => promiseThen(schema(), (/** @type {Schema} */ found) => found.check(value, done, failed), failed),
    json: () => promiseThen(schema(), (/** @type {Schema} */ found) => found.json()),
  }
}
