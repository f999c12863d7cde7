/** Turns failed calls into the failures of Temporal. */

import { ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { RESULT_FOR_TEMPORAL } from '../../hints.js'
import { isFinal, isOurs, messageOf, retryAfterOf, stackOf } from '../engines/failures.js'

/** The largest payload that a server accepts by default, minus room for what surrounds the result. */
const MOST_BYTES = 2 * 1024 * 1024 - 1024

/** The message with which the SDK cancels the activities of a worker that shuts down. */
const WORKER_SHUTDOWN = 'WORKER_SHUTDOWN'

/**
 * Throws for a result that the server would refuse: it would then run the tool again, without end.
 * @param {string} tool @param {unknown} result
 */
export function refuseLarge(tool, result) {
  const text = JSON.stringify(result) ?? ''
  if (text.length * 3 <= MOST_BYTES) return
  const bytes = Buffer.byteLength(text)
  if (bytes <= MOST_BYTES) return
  const code = 'ERR_OUTPUT_TOO_LARGE'
  const hint = RESULT_FOR_TEMPORAL
  const message = `${code}: the result of tool ${tool} has ${bytes} bytes, more than the ${MOST_BYTES} that Temporal takes\nhint: ${hint}`
  throw ApplicationFailure.create({ message, type: code, nonRetryable: true, details: [{ code, hint }] })
}

/** @param {unknown} error @param {AbortSignal} signal @param {ReadonlySet<string>} final */
export function failureOf(error, signal, final) {
  if (!isOurs(error)) return error
  if (error.code === 'ABORT_ERR' && signal.aborted) return cancelled(signal.reason)
  const { code, hint, permission, resource, issues, exitCode, timedOut } = error
  const retryAfter = retryAfterOf(error)
  const failure = ApplicationFailure.create({
    message: messageOf(error),
    type: code,
    nonRetryable: isFinal(error, final),
    ...(retryAfter === undefined ? {} : { nextRetryDelay: retryAfter }),
    details: [{ code, hint, permission, resource, issues, exitCode, timedOut }],
  })
  const stack = stackOf(error)
  if (stack !== undefined) failure.stack = stack
  return failure
}

/** @param {unknown} reason */
function cancelled(reason) {
  const failure = reason instanceof CancelledFailure ? reason : new CancelledFailure(String(reason))
  // The activity itself was not cancelled, so another worker must run it.
  if (failure.message === WORKER_SHUTDOWN) return ApplicationFailure.create({ message: 'the worker is shutting down', type: WORKER_SHUTDOWN, nextRetryDelay: 1 })
  return failure
}
