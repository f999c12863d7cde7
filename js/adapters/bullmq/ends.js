/** How a job ends whose tool call failed. */

import { isFinal, isOurs, messageOf, retryAfterOf, stackOf } from '../engines/failures.js'
import { rest } from './rest.js'
import { storableText } from './storable.js'

/** Why this package itself cancels a job: told by identity, so that no words of a user's are taken for it. */
export const LOCK_LOST = new Error('the lock of the job was lost')
export const SHUTDOWN = new Error('the worker is shutting down')

/** The worker leaves a job alone whose processor throws this: it was moved already, or belongs to another worker. */
class WaitingError extends Error {
  /** @override */
  name = 'WaitingError'
}

/**
 * @typedef {object} Attempt
 * @property {import('bullmq').Job} job
 * @property {string | undefined} token
 * @property {AbortSignal | undefined} signal
 * @property {ReadonlySet<string>} final
 * @property {number} hostDelay
 */

/**
 * What the processor throws for it.
 * @param {unknown} error @param {Attempt} attempt
 * @returns {Promise<Error>}
 */
export async function endOf(error, { job, token, signal, final, hostDelay }) {
  const cancelled = isOurs(error) && error.code === 'ABORT_ERR' && signal?.aborted
  if (cancelled && signal.reason === LOCK_LOST) return new WaitingError(LOCK_LOST.message, { cause: error })
  if (cancelled && signal.reason === SHUTDOWN) return backToWaiting(error, job, token)
  if (isOurs(error) && error.fault === 'host') {
    rest(job, hostDelay)
    return backToWaiting(error, job, token)
  }
  if (cancelled || isFinal(error, final)) return failureOf(error, 'UnrecoverableError')
  const delay = retryAfterOf(error)
  // Of this copy of the job only: the strategy that the job was added with holds again for its next attempt.
  if (delay !== undefined) job.opts.backoff = { type: 'fixed', delay }
  return failureOf(error, 'Error')
}

/** No attempt is spent. @param {unknown} error @param {import('bullmq').Job} job @param {string | undefined} token */
async function backToWaiting(error, job, token) {
  try {
    await job.moveToWait(token)
  } catch (problem) {
    // The lock is another worker's by now, or the connection is gone: then the queue finds the job stalled and hands it out again.
    tell(job, problem)
  }
  return new WaitingError(messageOf(error), { cause: error })
}

/** @param {unknown} error @param {string} name */
function failureOf(error, name) {
  const failure = new Error(storableText(messageOf(error)), { cause: error })
  const stack = stackOf(error)
  Object.defineProperty(failure, 'name', { value: name, configurable: true, writable: true })
  if (stack !== undefined) Object.defineProperty(failure, 'stack', { value: storableText(stack), configurable: true, writable: true })
  return failure
}

/** A job's queue is the worker that runs it. @param {import('bullmq').Job} job @returns {import('bullmq').Worker} */
export const workerOf = (job) => Reflect.get(job, 'queue')

/** What went wrong besides is for those who listen to the worker's errors. @param {import('bullmq').Job} job @param {unknown} problem */
export function tell(job, problem) {
  workerOf(job).emit('error', problem instanceof Error ? problem : new Error(String(problem)))
}
