import { connect } from '@lancedb/lancedb'

export async function job({ out }) {
  const db = await connect(out)
  const table = await db.createTable('points', [{ id: 1, vector: [0, 1] }, { id: 2, vector: [5, 5] }], { mode: 'overwrite' })
  const found = await table.search([4, 4]).limit(1).toArray()
  return found.map((row) => Number(row.id))
}
