import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'

export async function job({ pg: port }) {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 1 }) }) })
  const { rows } = await sql`SELECT ${4}::int + 1 AS more`.execute(db)
  await db.destroy()
  return rows
}
