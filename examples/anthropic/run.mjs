/**
 * The loop of a tool-using model on Anthropic's Messages API. Without ANTHROPIC_API_KEY the model is a stand-in that asks
 * for the weather once.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import Anthropic from '@anthropic-ai/sdk'
import { Manager } from 'toolwarden'
import { anthropicTools } from 'toolwarden/anthropic'

/** @typedef {Anthropic.MessageParam} MessageParam */
/** What is used here of the blocks a model answers with. @typedef {Anthropic.TextBlockParam | Anthropic.ToolUseBlockParam} Block */

/** @param {MessageParam[]} messages @param {Anthropic.Tool[]} tools @returns {Promise<{ content: Block[] }>} */
async function respond(messages, tools) {
  if (process.env.ANTHROPIC_API_KEY) {
    const model = process.env.ANTHROPIC_MODEL ?? 'claude-sonnet-4-5'
    const { content } = await new Anthropic().messages.create({ model, max_tokens: 1024, messages, tools })
    return { content: content.filter((block) => block.type === 'text' || block.type === 'tool_use') }
  }
  if (messages.length > 1) return { content: [{ type: 'text', text: 'It is clear in Oslo.' }] }
  return { content: [{ type: 'tool_use', id: 'call-1', name: 'weather', input: { city: 'Oslo' } }] }
}

const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})
try {
  const { tools, runAll } = await anthropicTools(manager)
  /** @type {MessageParam[]} */
  const messages = [{ role: 'user', content: 'How is the weather in Oslo?' }]
  for (;;) {
    const { content } = await respond(messages, tools)
    const results = await runAll(content)
    if (results.length === 0) {
      for (const block of content) if (block.type === 'text') console.log(block.text)
      break
    }
    for (const result of results) console.log(result.content)
    messages.push({ role: 'assistant', content }, { role: 'user', content: results })
  }
} finally {
  await manager.close()
}
