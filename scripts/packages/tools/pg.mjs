import pg from 'pg'

export async function job({ pg: port }) {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await client.connect()
  const { rows } = await client.query('SELECT sum(n)::int AS total FROM generate_series(1, $1) AS n', [4])
  await client.end()
  return rows
}
