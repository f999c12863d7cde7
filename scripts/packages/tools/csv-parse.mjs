import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse'

export async function job({ data }) {
  const parser = parse({ columns: true })
  createReadStream(join(data, 'sales.csv')).on('error', (error) => parser.destroy(error)).pipe(parser)
  const rows = []
  for await (const row of parser) rows.push(row)
  return rows
}
