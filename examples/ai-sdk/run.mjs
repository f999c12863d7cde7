/**
 * Sandboxed tools in the AI SDK. The model is the SDK's own mock, so that the example runs without a key; put
 * `openai('gpt-5')` or any other model in its place.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { generateText, stepCountIs } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { Manager } from 'toolwarden'
import { toolSet } from 'toolwarden/ai-sdk'

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
}

const model = new MockLanguageModelV4({
  doGenerate: [
    {
      content: [{ type: 'tool-call', toolCallId: 'call-1', toolName: 'weather', input: '{"city":"Oslo"}' }],
      finishReason: { unified: 'tool-calls', raw: undefined },
      usage,
      warnings: [],
    },
    {
      content: [{ type: 'text', text: 'It is clear in Oslo.' }],
      finishReason: { unified: 'stop', raw: undefined },
      usage,
      warnings: [],
    },
  ],
})

const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})
try {
  const { text, steps } = await generateText({
    model,
    tools: await toolSet(manager),
    prompt: 'How is the weather in Oslo?',
    stopWhen: stepCountIs(3),
    // A tool that does not end is ended, even one that never yields.
    timeout: { toolMs: 5000 },
  })
  for (const { toolName, output } of steps.flatMap((step) => step.toolResults)) console.log(toolName, output)
  console.log(text)
} finally {
  await manager.close()
}
