import Anthropic from '@anthropic-ai/sdk'

export async function job({ http }) {
  const client = new Anthropic({ apiKey: 'key', baseURL: `http://127.0.0.1:${http}`, maxRetries: 0 })
  const { content } = await client.messages.create({ model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] })
  return content[0].text
}
