import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Papa from 'papaparse'

export const job = ({ data }) => Papa.parse(readFileSync(join(data, 'sales.csv'), 'utf8'), { header: true, dynamicTyping: true, skipEmptyLines: true }).data
