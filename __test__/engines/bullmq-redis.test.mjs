/** Jobs of BullMQ on a real Redis. */

import { after, before } from 'node:test'

import { endsOfJobs } from '../support/bullmq/ends.mjs'
import { endsFromOutside } from '../support/bullmq/outside.mjs'
import { startRedis } from '../../scripts/servers/redis.mjs'

let server
before(async () => {
  server = await startRedis()
})
after(() => server?.stop())

const place = () => ({ connection: server.connection, jsonb: false })
endsOfJobs('Redis', place)

/** What Redis does when a lock's time is over. */
const dropLock = async (queue, job) => {
  const client = await queue.backend.client
  await client.del(queue.toKey(`${job.id}:lock`))
}
endsFromOutside('Redis', place, dropLock)
