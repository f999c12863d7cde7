/**
 * The common part of the OpenAI and Anthropic adapters: tools by name, and a call by name that always has an answer as
 * text.
 */

import { failureText, resultText } from './failure-text.js'
import { objectInput } from './object-input.js'
import { selectTools } from './select-tools.js'
import { byName } from './tool-names.js'
import { wellFormed } from '../well-formed.js'

/**
 * @typedef {object} NamedTool
 * @property {string} name
 * @property {string} id
 * @property {string | null} description
 * @property {Record<string, any>} schema
 */

/** @typedef {{ text: string, failed: boolean }} Answer */

/**
 * @param {import('./manager-like.d.ts').ManagerLike} manager
 * @param {import('./manager-like.d.ts').ToolSelection} selection
 */
export async function modelTools(manager, { tools, config, env }) {
  const named = new Map(
    [...byName(await selectTools(manager, tools))].map(([name, { id, description, inputSchema }]) => [
      name,
      { name, id, description, ...objectInput(inputSchema) },
    ]),
  )

  /**
   * A failure is an answer too, because the model can only react to what it is told. An abort by the caller is not.
   * @param {string} name
   * @param {unknown} args
   * @param {string | undefined} callId
   * @param {{ signal?: AbortSignal, onProgress?: (value: any) => void }} options
   * @returns {Promise<Answer>}
   */
  async function answer(name, args, callId, { signal, onProgress } = {}) {
    const tool = named.get(name)
    if (tool === undefined) {
      return { text: `there is no tool "${wellFormed(name)}"; available: ${[...named.keys()].join(', ') || 'none'}`, failed: true }
    }
    try {
      const toolExecId = callId || undefined
      const result = await manager.executeTool(tool.id, tool.toInput(args), { toolExecId, signal, config, env, onProgress })
      return { text: resultText(result), failed: false }
    } catch (error) {
      if (signal?.aborted) throw error
      return { text: failureText(error), failed: true }
    }
  }

  /** @type {NamedTool[]} */
  const list = [...named.values()]
  return { list, answer }
}
