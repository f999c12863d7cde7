import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const job = ({ data }) => parse(readFileSync(join(data, 'a.yaml'), 'utf8'))
