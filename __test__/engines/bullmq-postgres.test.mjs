/** Jobs of BullMQ on a real PostgreSQL. */

import { after, before } from 'node:test'
import { createPostgresBackend } from 'bullmq'

import { endsOfJobs } from '../support/bullmq/ends.mjs'
import { endsFromOutside } from '../support/bullmq/outside.mjs'
import { startPostgres } from '../support/servers/postgres.mjs'

let server
before(async () => {
  server = await startPostgres()
}, { timeout: 120_000 })
after(() => server?.stop())

const place = () => ({ connection: server.connection, factory: createPostgresBackend, jsonb: true })
endsOfJobs('PostgreSQL', place)


const dropLock = async (queue, job) => {
}
endsFromOutside('PostgreSQL', place, dropLock)
