/**
 * The entrypoint's exports as a table of tools. Three shapes: a function, `{execute}` (the AI SDK's), `{invoke}` (LangChain's).
 */
import { apply, defineProperty, isArray, jsonStringify, ObjectKeys, push } from './primordials.mjs'
import { isChecked, jsonSchemaOf } from './schema.mjs'
import { isObject } from './values.mjs'

/**
 * @typedef {object} Tool
 * @property {(input: unknown, call: import('./calls.mjs').Call) => unknown} run
 * @property {unknown} input schema of the input, undefined where values need no check
 * @property {unknown} output the same of the result
 * @property {boolean} parses whether the tool checks its input itself, and so gets it as given
 * @property {boolean} streams whether an async iterable result is progress
 * @property {unknown} from what was exported
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

/** @param {any} namespace the imported module */
export function readExports(namespace) {
  const named = typeof namespace.warmup === 'function' ? namespace.warmup : undefined
  warmup = named
  const table = isObject(namespace.default) ? namespace.default : namespace
  const keys = ObjectKeys(table)
  for (let i = 0; i < keys.length; i++) {
    if (table === namespace && (keys[i] === 'default' || keys[i] === 'warmup')) continue
    const tool = toolFrom(table[keys[i]], table === namespace ? undefined : table)
    if (tool === undefined) continue
    tools[keys[i]] = tool
    push(ids, keys[i])
  }
}

/** @param {any} from @param {unknown} receiver @returns {Tool | undefined} */
function toolFrom(from, receiver) {
  if (typeof from === 'function') {
    const run = (/** @type {unknown} */ input, /** @type {import('./calls.mjs').Call} */ call) =>
      apply(from, receiver, [input, call.config, call.context()])
    return { run, input: undefined, output: undefined, parses: false, streams: false, from }
  }
  if (!isObject(from) || isArray(from)) return undefined
  if (typeof from.execute === 'function') {
    const run = (/** @type {unknown} */ input, /** @type {import('./calls.mjs').Call} */ call) => from.execute(input, executeOptions(call))
    return { run, input: checked(from.inputSchema ?? from.parameters), output: checked(from.outputSchema), parses: false, streams: true, from }
  }
  if (typeof from.invoke === 'function') {
    const run = (/** @type {unknown} */ input, /** @type {import('./calls.mjs').Call} */ call) => from.invoke(input, withSignal({}, 'signal', call))
    return { run, input: checked(from.schema), output: undefined, parses: true, streams: false, from }
  }
  return undefined
}

/** @param {unknown} schema */
const checked = (schema) => (isChecked(schema) ? schema : undefined)

/** The AI SDK's options, and everything of ToolContext. @param {import('./calls.mjs').Call} call */
function executeOptions(call) {
  const { toolId, toolExecId, attempt, env, progress } = call.context()
  const options = { toolCallId: toolExecId, messages: [], context: call.config, toolId, toolExecId, attempt, env, progress }
  return withSignal(withSignal(options, 'abortSignal', call), 'signal', call)
}

/** Taking the signal means listening, so it is made when it is taken. @param {any} options @param {string} name @param {import('./calls.mjs').Call} call */
const withSignal = (options, name, call) =>
  defineProperty(options, name, /** @type {any} */ ({ __proto__: null, enumerable: true, configurable: true, get: () => call.takeSignal() }))

/** `[{id, description, inputSchema, outputSchema}]` as JSON text. */
export function catalogueText() {
  let text = '['
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]
    const from = /** @type {any} */ (tools[id].from)
    const described = isObject(from) ? from : {}
    const description = typeof described.description === 'string' ? jsonStringify(described.description) : 'null'
    const input = schemaText(described.inputSchema ?? described.parameters ?? described.schema, 'input')
    const output = schemaText(described.outputSchema, 'output')
    text += `${i > 0 ? ',' : ''}{"id":${jsonStringify(id)},"description":${description},"inputSchema":${input},"outputSchema":${output}}`
  }
  return `${text}]`
}

/** @param {unknown} schema @param {'input' | 'output'} side */
function schemaText(schema, side) {
  try {
    return jsonStringify(jsonSchemaOf(schema, side)) ?? 'null'
  } catch {
    return 'null'
  }
}
