import { join } from 'node:path'
import { Level } from 'level'

export async function job({ out }) {
  const db = new Level(join(out, 'store'), { valueEncoding: 'json' })
  await db.put('a', 1)
  await db.put('b', 2)
  const entries = await db.iterator().all()
  await db.close()
  return entries
}
