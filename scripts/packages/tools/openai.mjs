import OpenAI from 'openai'

export async function job({ http }) {
  const client = new OpenAI({ apiKey: 'key', baseURL: `http://127.0.0.1:${http}/v1`, maxRetries: 0 })
  const { choices } = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hello' }] })
  return choices[0].message.content
}
