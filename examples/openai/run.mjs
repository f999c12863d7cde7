/**
 * The loop of a tool-using model on OpenAI's Responses API. Without OPENAI_API_KEY the model is a stand-in that asks for
 * the weather once.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { Manager } from 'toolwarden'
import { openaiTools } from 'toolwarden/openai'

/** @typedef {import('openai/resources/responses/responses').ResponseInputItem} Item */
/** @typedef {import('openai/resources/responses/responses').ResponseOutputItem} OutputItem */
/** @typedef {import('openai/resources/responses/responses').Tool} Tool */

/** @param {Item[]} input @param {Tool[]} tools @returns {Promise<{ output: OutputItem[], output_text: string }>} */
async function respond(input, tools) {
  if (process.env.OPENAI_API_KEY) {
    return new OpenAI().responses.create({ model: process.env.OPENAI_MODEL ?? 'gpt-5', input, tools })
  }
  const answered = input.some((item) => item.type === 'function_call_output')
  if (answered) return { output: [], output_text: 'It is clear in Oslo.' }
  return {
    output: [{ type: 'function_call', call_id: 'call-1', name: 'weather', arguments: '{"city":"Oslo"}' }],
    output_text: '',
  }
}

const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})
try {
  const { responses, runAll } = await openaiTools(manager)
  /** @type {Item[]} */
  const input = [{ role: 'user', content: 'How is the weather in Oslo?' }]
  for (;;) {
    const { output, output_text: text } = await respond(input, responses)
    const results = await runAll(output)
    if (results.length === 0) {
      console.log(text)
      break
    }
    for (const result of results) console.log(result.output)
    // The SDK types what comes out a little wider than what goes in.
    input.push(.../** @type {Item[]} */ (output), ...results)
  }
} finally {
  await manager.close()
}
