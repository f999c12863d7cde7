import { randomUUID } from 'node:crypto'

import { Queue, QueueEvents, QueueEventsProducer, Worker } from 'bullmq'

import { toolProcessor, workerOptions } from '../../../js/adapters/bullmq.js'
import { HANG_BOUND } from '../settings.mjs'
import { bounded, until } from '../waiting.mjs'

/** Ends of a job that are final. */
const ENDS = new Set(['completed', 'failed'])

/**
 * Queues on one server, and what is made of them, closed after each test.
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

  /** A queue that nobody else has, with what goes with it. */
  function queue(defaults = {}) {
    const name = `q-${randomUUID()}`
    const { connection, factory, jsonb } = place()
    const made = closed(new Queue(name, { connection, defaultJobOptions: { attempts: 2, ...defaults } }, factory))
    made.on('error', () => {})

    /** A worker of this queue; `options` of the processor, `more` of the worker. */
    const worker = (manager, options = {}, more = {}) => {
      const processor = toolProcessor(manager, { jsonb, ...options })
      const opened = new Worker(name, processor, workerOptions(manager, { connection, drainDelay: 1, ...more }), factory)
      opened.on('error', () => {})
      return closed(opened, () => opened.close(true))
    }

    /** Resolves with the job once it has ended for good: its state is asked for, since events may be missed. */
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
