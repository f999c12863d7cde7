import { createClient } from 'redis'

export async function job({ redis }) {
  const client = createClient({ url: `redis://127.0.0.1:${redis}` })
  client.on('error', () => {})
  await client.connect()
  await client.set('redis', 'hello')
  const value = await client.get('redis')
  await client.close()
  return value
}
