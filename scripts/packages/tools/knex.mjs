import knex from 'knex'

export async function job({ pg: port }) {
  const db = knex({ client: 'pg', connection: { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' }, pool: { min: 0, max: 1 } })
  try {
    const { rows } = await db.raw('SELECT ?::int + 1 AS more', [4])
    return [rows, db('item').where({ id: 1 }).toString()]
  } finally {
    await db.destroy()
  }
}
