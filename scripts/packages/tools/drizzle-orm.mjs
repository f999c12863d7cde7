import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import pg from 'pg'

export async function job({ pg: port }) {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await client.connect()
  const db = drizzle(client)
  await db.execute(sql`CREATE TEMPORARY TABLE item (id integer, name text)`)
  const item = pgTable('item', { id: integer(), name: text() })
  await db.insert(item).values([{ id: 1, name: 'pen' }, { id: 2, name: 'ink' }])
  const rows = await db.select().from(item).orderBy(item.name)
  await client.end()
  return rows
}
