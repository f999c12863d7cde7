/** Tests jobs of BullMQ on a real PostgreSQL, and text that PostgreSQL cannot store. */

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { createPostgresBackend } from 'bullmq'
import { Client } from 'pg'

import { endsOfJobs } from '../support/bullmq/ends.mjs'
import { endsFromOutside } from '../support/bullmq/outside.mjs'
import { queues } from '../support/bullmq/queues.mjs'
import { startPostgres } from '../../scripts/servers/postgres.mjs'
import { workbench } from '../support/workbench.mjs'

let server
before(async () => {
  server = await startPostgres()
}, { timeout: 120_000 })
after(() => server?.stop())

const place = () => ({ connection: server.connection, factory: createPostgresBackend, jsonb: true })
endsOfJobs('PostgreSQL', place)

/** Changes the row of a job as another worker does when it takes over a job whose lock has expired. */
const dropLock = async (queue, job) => {
  const { migrate: _, ...connection } = server.connection
  const client = new Client(connection)
  await client.connect()
  const { rowCount } = await client.query("UPDATE bullmq.job SET lock_token = 'another', locked_until_ms = 0 WHERE queue LIKE '%' || $1 AND id = $2", [queue.name, job.id])
  await client.end()
  assert.equal(rowCount, 1)
}
endsFromOutside('PostgreSQL', place, dropLock)

describe('Text that PostgreSQL cannot store', () => {
  const bench = workbench({ shared: true })
  const { queue, clear } = queues(place)
  let manager
  before(() => {
    manager = bench.openTools('engines.ts')
  })
  afterEach(clear)
  const run = async (tool, input) => {
    const made = queue()
    made.worker(manager)
    const job = await made.add(tool, input)
    return { ...(await made.ended(job)), queue: made.queue }
  }

  // A job's data is stored before the tool runs, so it cannot contain such text: the tools make the text from something else.
  for (const [what, encoded] of [['U+0000', 'a%00b'], ['half a surrogate pair', 'half']]) {
    test(`${what} in a tool's error: the job fails, and does not stay active`, async () => {
      const { state, job } = await run('throws-decoded', encoded)
      assert.deepEqual([state, job.attemptsMade], ['failed', 2])
      assert.match(job.failedReason, /^ERR_TOOL_THREW: /)
    })

    test(`${what} in a result: the job fails at its first start, and not after a second one`, async () => {
      const { state, job } = await run('returns-decoded', encoded)
      assert.deepEqual([state, job.attemptsStarted], ['failed', 1])
      assert.match(job.failedReason, /^ERR_OUTPUT_INVALID: .*jsonb[^]*\nhint: .*base64/)
    })

    test(`${what} in what a tool prints and reports is replaced`, async () => {
      const { state, job, queue: kept } = await run('tells-decoded', encoded)
      assert.equal(state, 'completed')
      const { logs } = await kept.getJobLogs(job.id)
      assert.ok(logs.length === 1 && logs[0].includes('\uFFFD'), JSON.stringify(logs))
      assert.ok(JSON.stringify(job.progress).includes('\uFFFD'), JSON.stringify(job.progress))
    })
  }

  test('text that only looks like it is stored as it is', async () => {
    const input = ['\\u0000', '\\\\ud800', '\u{1f600}', '\\']
    const { state, job } = await run('echo', input)
    assert.deepEqual([state, job.returnvalue], ['completed', input])
  })
})
