/** The workers that are compared on one queue: this package's, BullMQ's own sandbox, and a processor without a sandbox. */

import { createRequire } from 'node:module'
import { realpathSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'bullmq'
import { Manager } from '../../index.js'
import { superviseWorker, toolProcessor, workerOptions } from '../../js/adapters/bullmq.js'

const PROCESSOR = fileURLToPath(new URL('./processors/job.cjs', import.meta.url))
const TOOLS = fileURLToPath(new URL('./tools.ts', import.meta.url))
const inProcess = createRequire(import.meta.url)(PROCESSOR)

/** The number of jobs that every worker runs at once. */
export const SLOTS = 2

/** @param {'call' | 'worker'} isolation @param {'spawn' | 'fork'} [processStart] */
const ours = (isolation, processStart = 'spawn') => async (queue, options, config = {}) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'warden-scale-')))
  const manager = new Manager(dir, { entrypointPath: TOOLS, isolation, processStart, minWorkers: SLOTS, maxWorkers: SLOTS, bunPermissions: ['--allow-read', '--allow-write'], ...config })
  await manager.ready()
  const worker = new Worker(queue, toolProcessor(manager), workerOptions(manager, options))
  worker.on('error', () => {})
  const supervision = superviseWorker(worker, manager)
  await worker.waitUntilReady()
  return {
    worker,
    close: async () => {
      await supervision.close({ drain: 0 })
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const theirs = (processor, more = {}) => async (queue, options) => {
  const worker = new Worker(queue, processor, { ...options, concurrency: SLOTS, ...more })
  worker.on('error', () => {})
  await worker.waitUntilReady()
  return { worker, close: () => worker.close(true) }
}

/** @type {Record<string, (queue: string, options: any, config?: any) => Promise<{ worker: any, close(): Promise<void> }>>} */
export const CONTESTANTS = {
  'BullMQ, in process': theirs((job) => inProcess(job)),
  'BullMQ, process sandbox': theirs(PROCESSOR),
  'BullMQ, thread sandbox': theirs(PROCESSOR, { useWorkerThreads: true }),
  'toolwarden, isolation "worker"': ours('worker'),
  'toolwarden, isolation "call"': ours('call'),
  'toolwarden, isolation "call", forked': ours('call', 'fork'),
}
