import { randomUUID } from 'node:crypto'

import { Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq'

import { toolProcessor, workerOptions } from '../../../js/adapters/bullmq.js'
import { HANG_BOUND } from '../settings.mjs'
import { bounded, until } from '../waiting.mjs'

/** The states in which a job has ended. */
const ENDS = new Set(['completed', 'failed'])

/**
 * Creates queues on one server, with their workers, and closes all of them after each test.
 * @param {() => { connection: any, factory?: any, jsonb: boolean }} place
 */
export function queues(place) {
  let closings = []
  const closed = (thing, close = () => thing.close()) => {
    closings.push(close)
    return thing
  }
  const clear = async () => {
    const all = closings.toReversed()
    closings = []
    for (const close of all) await bounded(close(), 'a queue to close')
  }

  /** Creates a queue that no other test uses, with the functions that a test needs for it. */
  function queue(defaults = {}) {
    const name = `q-${randomUUID()}`
    const { connection, factory, jsonb } = place()
    const made = closed(new Queue(name, { connection, defaultJobOptions: { attempts: 2, ...defaults } }, factory))
    made.on('error', () => {})

    /** Starts a worker of this queue; `options` are those of the processor, `more` those of the worker. */
    const worker = (manager, options = {}, more = {}) => {
      const processor = toolProcessor(manager, { jsonb, ...options })
      const opened = new Worker(name, processor, workerOptions(manager, { connection, drainDelay: 1, ...more }), factory)
      opened.on('error', () => {})
      return closed(opened, () => opened.close(true))
    }

    /** Resolves with the job once it has ended. It polls the job's state, because events may be missed. */
    const ended = async (job, bound = HANG_BOUND) => {
      let state
      await until(async () => ENDS.has((state = await job.getState())), `job ${job.id} to end`, bound)
      return { state, job: await made.getJob(job.id) }
    }

    /** Resolves once the job is in one of these states. */
    const reaches = (job, ...states) =>
      until(async () => states.includes(await job.getState()), `job ${job.id} to be ${states.join(' or ')}`)

    const events = async () => {
      const opened = closed(new QueueEvents(name, { connection }, factory))
      opened.on('error', () => {})
      await bounded(opened.waitUntilReady(), 'the events of a queue')
      return opened
    }
    const producer = () => closed(new QueueEventsProducer(name, { connection }, factory))

    return { name, queue: made, add: (...given) => made.add(...given), worker, ended, reaches, events, producer }
  }

  return { queue, clear }
}
