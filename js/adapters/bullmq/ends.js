/** Decides how a job ends whose tool call failed. */

import { isFinal, isOurs, messageOf, retryAfterOf, stackOf } from '../engines/failures.js'
import { rest } from './rest.js'
import { storableText } from './storable.js'

/** The reasons for which this package itself cancels a job. They are compared by identity, so that no user's text is mistaken for one. */
export const LOCK_LOST = new Error('the lock of the job was lost')
export const SHUTDOWN = new Error('the worker is shutting down')

/** BullMQ leaves a job as it is when its processor throws an error of this name: the job was moved already, or belongs to another worker. */
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
 * Returns the error that the processor throws for a failed call.
 * @param {unknown} error
 * @param {Attempt} attempt
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
  // This changes only this worker's copy of the job. The next attempt uses the strategy that the job was added with.
  if (delay !== undefined) job.opts.backoff = { type: 'fixed', delay }
  return failureOf(error, 'Error')
}

/**
 * Fails the attempt without counting it.
 * @param {unknown} error
 * @param {import('bullmq').Job} job
 * @param {string | undefined} token
 */
async function backToWaiting(error, job, token) {
  try {
    await job.moveToWait(token)
  } catch (problem) {
    // Another worker has the lock by now, or the connection is lost. In both cases the queue hands the job out again.
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

/** The worker that runs a job is the job's queue. @param {import('bullmq').Job} job @returns {import('bullmq').Worker} */
export const workerOf = (job) => Reflect.get(job, 'queue')

/** Reports a problem that does not decide how the job ends to the listeners of the worker's errors. @param {import('bullmq').Job} job @param {unknown} problem */
export function tell(job, problem) {
  workerOf(job).emit('error', problem instanceof Error ? problem : new Error(String(problem)))
}
