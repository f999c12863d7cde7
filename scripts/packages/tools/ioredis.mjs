import { Redis } from 'ioredis'

export async function job({ redis }) {
  const client = new Redis(redis, '127.0.0.1')
  await client.set('ioredis', 'hello')
  const value = await client.get('ioredis')
  client.disconnect()
  return value
}
