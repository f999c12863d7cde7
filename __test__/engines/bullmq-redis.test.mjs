/** Jobs of BullMQ on a real Redis. */

import { after, before } from 'node:test'

import { endsOfJobs } from '../support/bullmq/ends.mjs'
import { startRedis } from '../support/servers/redis.mjs'

let server
before(async () => {
  server = await startRedis()
})
after(() => server?.stop())

const place = () => ({ connection: server.connection, jsonb: false })
endsOfJobs('Redis', place)
