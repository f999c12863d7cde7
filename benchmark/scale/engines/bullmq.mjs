import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { superviseWorker, toolProcessor, workerOptions } from '../../../js/adapters/bullmq.js'
import { startPostgres } from '../../../scripts/servers/postgres.mjs'
import { startRedis } from '../../../scripts/servers/redis.mjs'

const NAME = 'chaos'
/** Locks are short, so that the jobs of a killed host are soon taken up again; no tool can keep its host from renewing them. */
const LOCKS = { lockDuration: 2000, lockRenewTime: 500, stalledInterval: 500 }
const factoryOf = (kind) => (kind === 'postgres' ? createPostgresBackend : undefined)

/** @param {any} manager @param {any} settings */
export async function serve(manager, { kind, connection }) {
  const worker = new Worker(NAME, toolProcessor(manager, { jsonb: kind === 'postgres' }), workerOptions(manager, { connection, drainDelay: 1, ...LOCKS }), factoryOf(kind))
  worker.on('error', () => {})
  superviseWorker(worker, manager)
  await worker.waitUntilReady()
}

/** @param {'redis' | 'postgres'} kind */
export async function open(kind) {
  const server = kind === 'redis' ? await startRedis() : await startPostgres()
  const { connection } = server
  const queue = new Queue(NAME, { connection, defaultJobOptions: { attempts: 50 } }, factoryOf(kind))
  queue.on('error', () => {})
  try {
    await queue.waitUntilReady()
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    runtimes: ['node', 'bun'],
    settings: () => ({ kind, connection }),
    engine: 'bullmq',
    attach: async () => {},
    submit: (inputs) => queue.addBulk(inputs.map((data) => ({ name: 'job', data }))),
    /** Polls the state of a job, because events may be missed. */
    async outcome(job, until) {
      for (;;) {
        const state = await job.getState()
        if (state === 'completed') return { state, result: (await queue.getJob(job.id)).returnvalue }
        if (state === 'failed') return { state, reason: (await queue.getJob(job.id)).failedReason }
        if (Date.now() > until) return { state: `stuck: ${state}` }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
    async close() {
      await queue.close()
      await server.stop()
    },
  }
}
