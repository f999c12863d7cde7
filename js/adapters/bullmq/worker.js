/** The worker that runs the processor: its options, the events that end its jobs from outside, and its own end. */

import { LOCK_LOST, SHUTDOWN } from './ends.js'
import { stayStopped } from './rest.js'

/** How many milliseconds cancelled jobs have to go back to waiting. Only a queue that does not answer takes longer. */
const SETTLE = 5000

/**
 * @param {import('../manager-like.d.ts').EngineManager} manager
 * @param {any} [options]
 * @returns {any}
 */
export function workerOptions(manager, { starts = 25, ...options } = {}) {
  return { concurrency: manager.slots, maxStalledCount: starts, maxStartedAttempts: starts, ...options }
}

/**
 * @param {import('../bullmq.d.ts').SupervisedWorker} worker
 * @param {import('../manager-like.d.ts').EngineManager} manager
 * @param {import('../bullmq.d.ts').SuperviseOptions} [options]
 */
export function superviseWorker(worker, manager, { cancellations, cancelEvent = 'cancel' } = {}) {
  /** @param {string[]} ids */
  const lost = (ids) => {
    for (const id of ids) worker.cancelJob(id, /** @type {any} */ (LOCK_LOST))
  }
  /** @param {{ jobId?: unknown, reason?: unknown }} event */
  const cancelled = ({ jobId, reason }) => {
    worker.cancelJob(String(jobId), typeof reason === 'string' && reason !== '' ? reason : 'cancelled')
  }
  worker.on('lockRenewalFailed', lost)
  cancellations?.on(cancelEvent, cancelled)

  /** @param {number} drain */
  async function end(drain) {
    stayStopped(worker)
    // pause() waits for the running jobs, but returns at once if the worker was paused already; then close() waits for them.
    const idle = worker.isPaused() ? worker.close() : worker.pause()
    if (!(await within(idle, drain))) {
      worker.cancelAllJobs(/** @type {any} */ (SHUTDOWN))
      await within(idle, SETTLE)
    }
    const closing = worker.close()
    if (!(await within(closing, SETTLE))) void worker.close(true)
    worker.off('lockRenewalFailed', lost)
    cancellations?.off(cancelEvent, cancelled)
    await manager.close({ force: true })
  }

  /** @type {Promise<void> | undefined} */
  let ended
  return {
    /** @param {{ drain?: number }} [options] */
    close: ({ drain = 10_000 } = {}) => (ended ??= end(drain)),
  }
}

/**
 * Whether the promise settled in time.
 * @param {Promise<unknown>} promise @param {number} milliseconds @returns {Promise<boolean>}
 */
function within(promise, milliseconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, false)
    promise.then(() => resolve(true), reject).finally(() => clearTimeout(timer))
  })
}
