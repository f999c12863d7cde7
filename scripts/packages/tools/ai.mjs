import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText } from 'ai'

export async function job({ http }) {
  const provider = createOpenAICompatible({ name: 'local', baseURL: `http://127.0.0.1:${http}/v1`, apiKey: 'key' })
  const { text } = await generateText({ model: provider('m'), prompt: 'hello', maxRetries: 0 })
  return text
}
