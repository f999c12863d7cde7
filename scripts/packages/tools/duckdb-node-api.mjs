import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export async function job({ data }) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const reader = await connection.runAndReadAll(`SELECT sum(price)::INTEGER AS total FROM read_csv('${join(data, 'sales.csv')}')`)
  return reader.getRowsJson()
}
