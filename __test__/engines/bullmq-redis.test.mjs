/** Tests jobs of BullMQ on a real Redis. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { workerOptions } from '../../js/adapters/bullmq.js'
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

/** Removes the lock of a job, as Redis does when the lock expires. */
const dropLock = async (queue, job) => {
  const client = await queue.backend.client
  await client.del(queue.toKey(`${job.id}:lock`))
}
endsFromOutside('Redis', place, dropLock)

describe('The options of a worker', () => {
  const connection = { host: 'localhost' }

  test('are as many jobs as the manager has slots, and starts beyond what one lost host costs', () => {
    assert.deepEqual(workerOptions({ slots: 7 }, { connection }), { concurrency: 7, maxStalledCount: 25, maxStartedAttempts: 25, connection })
  })

  test('are what is given, where that is', () => {
    const given = { connection, concurrency: 3, lockDuration: 15_000 }
    assert.deepEqual(workerOptions({ slots: 7 }, { ...given, starts: 5 }), { ...given, maxStalledCount: 5, maxStartedAttempts: 5 })
  })
})
