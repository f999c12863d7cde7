import { join } from 'node:path'
import { createClient } from '@libsql/client'

export async function job({ out }) {
  const db = createClient({ url: `file:${join(out, 'shop.db')}` })
  await db.execute('CREATE TABLE IF NOT EXISTS item (name TEXT)')
  await db.execute('DELETE FROM item')
  await db.execute({ sql: 'INSERT INTO item VALUES (?)', args: ['pen'] })
  const { rows } = await db.execute('SELECT name FROM item')
  db.close()
  return rows.map((row) => row.name)
}
