/** A manager's tools for OpenAI's two APIs: Responses and Chat Completions. The `openai` package is not needed. */

import { modelTools } from './model-tools.js'

/** The model sends its arguments as text that should be JSON. @param {unknown} text */
function parseArguments(text) {
  if (typeof text !== 'string') return { value: text }
  if (text.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { problem: `the arguments are not JSON: ${/** @type {Error} */ (error).message}` }
  }
}

/** @param {import('./model-tools.js').NamedTool} tool */
function chatDefinition({ name, description, schema }) {
  return { type: 'function', function: { name, ...(description === null ? {} : { description }), parameters: schema } }
}

/**
 * The API requires `strict`; it is false, because strict mode accepts only a part of JSON Schema.
 * @param {import('./model-tools.js').NamedTool} tool
 */
function responsesDefinition({ name, description, schema }) {
  return { type: 'function', name, description, parameters: schema, strict: false }
}

/** @param {any} item */
const isCall = (item) => item?.type === 'function_call' || item?.type === 'function'

/**
 * @param {import('./manager-like.d.ts').ManagerLike} manager
 * @param {import('./manager-like.d.ts').ToolSelection} [selection]
 */
export async function openaiTools(manager, selection = {}) {
  const { list, answer } = await modelTools(manager, selection)

  /**
   * @param {any} call a `function_call` item of Responses, or a tool call of Chat Completions
   * @param {{ signal?: AbortSignal, onProgress?: (value: any) => void }} [options]
   */
  async function run(call, options = {}) {
    const ofResponses = call?.type === 'function_call'
    const target = ofResponses ? call : call?.function
    if (typeof target?.name !== 'string') {
      throw new TypeError('a function_call item or a tool call of type "function" was expected')
    }
    const callId = ofResponses ? call.call_id : call.id
    const { value, problem } = parseArguments(target.arguments)
    const { text } = problem === undefined ? await answer(target.name, value, callId, options) : { text: problem }
    return ofResponses
      ? { type: 'function_call_output', call_id: callId, output: text }
      : { role: 'tool', tool_call_id: callId, content: text }
  }

  return {
    chat: list.map(chatDefinition),
    responses: list.map(responsesDefinition),
    run,
    /** @param {readonly any[] | null | undefined} items @param {object} [options] */
    runAll: (items, options) => Promise.all((items ?? []).filter(isCall).map((call) => run(call, options))),
  }
}
