/**
 * Tools as jobs of a BullMQ queue: a Redis is started, a worker whose jobs run in the sandbox, and a job is added and awaited. Needs
 * `redis-server` on PATH; with REDIS_URL set the server there is used, and none is started.
 */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Queue, QueueEvents, Worker } from 'bullmq'
import { Manager } from 'toolwarden'
import { superviseWorker, toolProcessor, workerOptions } from 'toolwarden/bullmq'
import { startRedis } from '../../scripts/servers/redis.mjs'

const server = process.env.REDIS_URL === undefined ? await startRedis() : null
const connection = server?.connection ?? { url: process.env.REDIS_URL ?? '' }
const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})

const queue = new Queue('tools', { connection, defaultJobOptions: { attempts: 3, backoff: { type: 'exponential', delay: 1000 } } })
const cancellations = new QueueEvents('tools', { connection })
const worker = new Worker('tools', toolProcessor(manager), workerOptions(manager, { connection }))
const supervision = superviseWorker(worker, manager, { cancellations })
process.once('SIGTERM', () => supervision.close())

try {
  await cancellations.waitUntilReady()
  // The name of a job is its tool, and its data the input.
  const job = await queue.add('weather', { city: 'Oslo' })
  console.log(await job.waitUntilFinished(cancellations, 30_000))
} finally {
  await supervision.close()
  await cancellations.close()
  await queue.close()
  await server?.stop()
}
