import { PGlite } from '@electric-sql/pglite'

export async function job() {
  const db = new PGlite()
  const { rows } = await db.query('SELECT sum(n)::int AS total FROM generate_series(1, 4) AS n')
  await db.close()
  return rows
}
