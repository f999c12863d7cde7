import { RedisClient } from 'bun'

export async function job({ redis }) {
  const client = new RedisClient(`redis://127.0.0.1:${redis}`)
  await client.set('bun', 'hello')
  const value = await client.get('bun')
  client.close()
  return value
}
