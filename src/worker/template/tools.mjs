/**
 * The entrypoint's exports as a table of tools. A tool has one of three forms: a function, `{execute}` (the AI SDK's),
 * `{invoke}` (LangChain's).
 */
import {
  apply, byteLength, defineProperty, hasOwn, isArray, join, jsonParse, jsonStringify, ObjectKeys, ownProperty, promiseResolve, promiseThen, push, RangeErrorOf, slice, toWellFormed,
} from './primordials.mjs'
import { LEAST_MAX_FRAME, MAX_DEPTH } from './protocol.mjs'
import { isDeeper } from './depth.mjs'
import { loadSchemas, schemaFrom } from './schemas.mjs'
import { contextOf } from './tool-context.mjs'
import { isObject } from './values.mjs'

/** @typedef {import('./schema.mjs').Schema} Schema */
/** @typedef {import('./call.mjs').Call} Call */

/**
 * @typedef {object} Tool
 * @property {(input: unknown, call: Call) => unknown} run
 * @property {Schema | undefined} input undefined where values need no check
 * @property {Schema | undefined} output
 * @property {boolean} parses whether the tool checks its input itself, and so gets it as given
 * @property {boolean} streams whether an async iterable result is progress
 * @property {string | null} description
 */

/** @type {Record<string, Tool>} */
const tools = /** @type {any} */ ({ __proto__: null })
/** Ids in the order of the exports. @type {string[]} */
const ids = []
/** @type {(() => unknown) | undefined} */
export let warmup

/** @param {string} id @returns {Tool | undefined} */
export const toolOf = (id) => tools[id]

/** JSON array. */
export const idsText = () => jsonStringify(ids)

/**
 * Returns a promise only where there is a schema, because each `await` before READY takes time.
 * @param {any} namespace the imported module
 * @returns {Promise<void> | undefined}
 */
export function readExports(namespace) {
  const named = typeof namespace.warmup === 'function' ? namespace.warmup : undefined
  warmup = named
  const table = isObject(namespace.default) ? namespace.default : namespace
  const keys = ObjectKeys(table)
  for (let i = 0; i < keys.length; i++) {
    if (hasSchema(table[keys[i]])) return promiseThen(loadSchemas(), () => readTools(table, keys, table === namespace))
  }
  return readTools(table, keys, table === namespace)
}

/** @param {any} table @param {string[]} keys @param {boolean} named whether these are named exports @returns {undefined} */
function readTools(table, keys, named) {
  for (let i = 0; i < keys.length; i++) {
    if (named && (keys[i] === 'default' || keys[i] === 'warmup')) continue
    const tool = toolFrom(table[keys[i]], named ? undefined : table)
    if (tool === undefined) continue
    tools[keys[i]] = tool
    push(ids, keys[i])
  }
}

/** @param {any} from */
const hasSchema = (from) =>
  (isObject(from) || typeof from === 'function') && (from.inputSchema ?? from.parameters ?? from.outputSchema ?? from.schema) !== undefined

/** @param {any} from @param {unknown} receiver @returns {Tool | undefined} */
function toolFrom(from, receiver) {
  if (typeof from === 'function') {
    // arktype's schemas are functions, and an entrypoint may export its schemas.
    if (isObject(from['~standard'])) return undefined
    // Some packages put `execute` and its schema on a function that takes a model's message.
    if (hasOwn(from, 'execute') && typeof from.execute === 'function') return executeTool(from)
    return isClass(from) ? undefined : functionTool(from, receiver)
  }
  if (!isObject(from) || isArray(from)) return undefined
  if (typeof from.execute === 'function') return executeTool(from)
  return typeof from.invoke === 'function' ? invokeTool(from) : undefined
}

/**
 * A class cannot be called. Its `prototype` is read-only, while that of a function is writable.
 * @param {Function} from
 */
const isClass = (from) => ownProperty(from, 'prototype')?.writable === false

/** @param {any} from @param {unknown} receiver @returns {Tool} */
export const functionTool = (from, receiver) => ({
  run: (input, call) => apply(from, receiver, [input, call.config, contextOf(call)]),
  input: undefined,
  output: undefined,
  parses: false,
  streams: false,
  description: null,
})

/** @param {any} from @returns {Tool} */
const executeTool = (from) => ({
  run: (input, call) => from.execute(input, executeOptions(call)),
  input: orSpecified(schemaFrom(from.inputSchema ?? from.parameters, 'input'), from.spec),
  output: schemaFrom(from.outputSchema, 'output'),
  parses: false,
  streams: true,
  description: textOrNull(from.description ?? from.spec?.description),
})

/** @param {any} from @returns {Tool} */
const invokeTool = (from) => ({
  run: (input, call) => from.invoke(input, withSignal({}, 'signal', call)),
  input: orWrapped(schemaFrom(from.schema, 'input')),
  output: undefined,
  parses: true,
  streams: false,
  description: textOrNull(from.description),
})

/** @param {unknown} text */
const textOrNull = (text) => (typeof text === 'string' ? toWellFormed(text) : null)

/**
 * A `spec` for a model's API beside the schema contains what a schema of zod 3 cannot express.
 * @param {Schema | undefined} schema
 * @param {any} spec
 * @returns {Schema | undefined}
 */
const orSpecified = (schema, spec) =>
  schema === undefined || !isObject(spec) ? schema : { check: schema.check, json: () => schema.json() ?? spec.parameters }

/**
 * LangChain's tools with one text argument take it directly, or as `input` of an object, which is what their schema
 * describes.
 * @param {Schema | undefined} schema
 * @returns {Schema | undefined}
 */
function orWrapped(schema) {
  if (schema === undefined) return undefined
  return {
    check(value, done, failed) {
      if (typeof value !== 'string') return schema.check(value, done, failed)
      schema.check({ input: value }, (verdict) => ('refusal' in verdict ? schema.check(value, done, failed) : done({ value })), failed)
    },
    json: schema.json,
  }
}

/** The AI SDK's options, with all members of ToolContext. @param {Call} call */
function executeOptions(call) {
  const { toolId, toolExecId, attempt, env, progress } = contextOf(call)
  const options = { toolCallId: toolExecId, messages: [], context: call.config, toolId, toolExecId, attempt, env, progress }
  return withSignal(withSignal(options, 'abortSignal', call), 'signal', call)
}

/**
 * Reading the signal means listening to it, so it is created on first use.
 * @param {any} options
 * @param {string} name
 * @param {Call} call
 */
const withSignal = (options, name, call) =>
  defineProperty(options, name, /** @type {any} */ ({ __proto__: null, enumerable: true, configurable: true, get: () => call.takeSignal() }))

/**
 * `[{id, description, inputSchema, outputSchema}]` as JSON text; a promise where a schema is asynchronous.
 * @returns {string | Promise<string>}
 */
export function catalogueText() {
  /** @type {(string | Promise<string>)[]} */
  const texts = []
  let late = false
  for (let i = 0; i < ids.length; i++) {
    const { input, output, description } = tools[ids[i]]
    const inputText = schemaText(input)
    const outputText = schemaText(output)
    late ||= typeof inputText !== 'string' || typeof outputText !== 'string'
    push(texts, `${i > 0 ? ',' : ''}{"id":${jsonStringify(ids[i])},"description":${jsonStringify(description)},"inputSchema":`)
    push(texts, inputText)
    push(texts, ',"outputSchema":')
    push(texts, outputText)
    push(texts, '}')
  }
  return late ? joinLate(texts) : `[${join(texts, '')}]`
}

/** The bytes of the largest list of tools: the frame limit without READY's other fields. */
const LARGEST_CATALOGUE = LEAST_MAX_FRAME - 1024

/** Why a list of tools cannot be sent, as an error of the entrypoint; undefined where it can. @param {string} text */
export function catalogueProblem(text) {
  if (text.length * 3 <= LARGEST_CATALOGUE) return undefined
  const bytes = byteLength(text)
  if (bytes <= LARGEST_CATALOGUE) return undefined
  const listed = jsonParse(text)
  let largest = ''
  let most = 0
  for (let i = 0; i < listed.length; i++) {
    const size = byteLength(jsonStringify(listed[i]))
    if (size > most) {
      most = size
      largest = listed[i].id
    }
  }
  const name = largest.length > 100 ? `${slice(largest, 0, 100)}...` : largest
  const problem = new RangeErrorOf(
    `the ids, descriptions and schemas of its ${listed.length} tools are ${bytes} bytes of JSON, and ${LARGEST_CATALOGUE} are the most; the largest tool is ${jsonStringify(name)} with ${most} bytes`,
  )
  return defineProperty(problem, 'code', { value: 'ERR_CATALOGUE_TOO_LARGE', enumerable: true })
}

/** @param {(string | Promise<string>)[]} texts */
async function joinLate(texts) {
  let text = ''
  for (let i = 0; i < texts.length; i++) text += await texts[i]
  return `[${text}]`
}

/** @param {Schema | undefined} schema @returns {string | Promise<string>} */
function schemaText(schema) {
  if (schema === undefined) return 'null'
  try {
    const json = /** @type {any} */ (schema.json())
    return isObject(json) && typeof json.then === 'function' ? promiseThen(promiseResolve(json), jsonSchemaText, () => 'null') : jsonSchemaText(json)
  } catch {
    // A schema that JSON Schema cannot express still checks values.
    return 'null'
  }
}

/** The catalogue adds some levels around a schema. */
const SCHEMA_DEPTH = MAX_DEPTH - 10

/** @param {unknown} json */
function jsonSchemaText(json) {
  try {
    if (!(isObject(json) && !isArray(json)) && typeof json !== 'boolean') return 'null'
    const text = jsonStringify(json) ?? 'null'
    return isDeeper(text, SCHEMA_DEPTH) ? 'null' : text
  } catch {
    return 'null'
  }
}
