/** A manager's tools for Anthropic's Messages API. The `@anthropic-ai/sdk` package is not needed. */

import { modelTools } from './model-tools.js'

/**
 * @param {import('./manager-like.d.ts').ManagerLike} manager
 * @param {import('./manager-like.d.ts').ToolSelection} [selection]
 */
export async function anthropicTools(manager, selection = {}) {
  const { list, answer } = await modelTools(manager, selection)

  /**
   * @param {any} block a `tool_use` block
   * @param {{ signal?: AbortSignal, onProgress?: (value: any) => void }} [options]
   */
  async function run(block, options = {}) {
    if (block?.type !== 'tool_use' || typeof block.name !== 'string') throw new TypeError('a tool_use block was expected')
    const { text, failed } = await answer(block.name, block.input, block.id, options)
    // The API rejects empty text in a block; a block without content means "done, nothing to report".
    return {
      type: 'tool_result',
      tool_use_id: block.id,
      ...(text === '' ? {} : { content: text }),
      ...(failed ? { is_error: true } : {}),
    }
  }

  return {
    tools: list.map(({ name, description, schema }) => ({
      name,
      ...(description === null ? {} : { description }),
      input_schema: schema,
    })),
    run,
    /** @param {readonly any[]} content @param {object} [options] */
    runAll: (content, options) =>
      Promise.all(content.filter((block) => block?.type === 'tool_use').map((block) => run(block, options))),
  }
}
