import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import winston from 'winston'

export async function job({ out }) {
  const transport = new winston.transports.File({ filename: join(out, 'a.log') })
  const logger = winston.createLogger({ transports: [transport] })
  logger.info('hello')
  const finished = once(transport, 'finish')
  logger.end()
  await finished
  return JSON.parse(readFileSync(join(out, 'a.log'), 'utf8').trim().split('\n').at(-1))
}
