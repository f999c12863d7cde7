import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'

export function job({ out }) {
  const file = join(out, 'a.log')
  const logger = pino({ base: null, timestamp: false }, pino.destination({ dest: file, sync: true }))
  logger.info({ a: 1 }, 'hello')
  return JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1))
}
