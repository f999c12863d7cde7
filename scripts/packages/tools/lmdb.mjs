import { join } from 'node:path'
import { open } from 'lmdb'

export async function job({ out }) {
  const db = open({ path: join(out, 'store') })
  await db.put('greeting', { text: 'hello' })
  const value = db.get('greeting')
  await db.close()
  return value
}
