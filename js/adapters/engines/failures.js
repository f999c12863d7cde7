/**
 * What a failed call means for an engine that retries by its own rules. The manager itself repeats only failed starts (`ONCE_ENTERED`);
 * the engine decides whether the tool runs again, by the facts that these functions give.
 */

import { failureText } from '../failure-text.js'

/** @typedef {import('../../../index.d.ts').ErrorCode} ErrorCode */

/**
 * The codes of failures that the same call would meet again. A missing tool is not among them: while a new version is
 * rolled out, another host may have it.
 * @type {ReadonlySet<ErrorCode>}
 */
export const FINAL_CODES = new Set([
  'ERR_TOOL_ID_INVALID',
  'ERR_ENV_INVALID',
  'ERR_INPUT_INVALID',
  'ERR_ACCESS_DENIED',
  'ERR_OUTPUT_INVALID',
  'ERR_OUTPUT_TOO_LARGE',
  'ERR_TOOL_OUT_OF_MEMORY',
])

/** A failed start is tried a few times on this host. After that the engine decides, because it has other hosts. */
export const ONCE_ENTERED = Object.freeze({ tool: /** @type {const} */ ('never'), maxAttempts: 3 })

/** @param {unknown} error @returns {error is import('../../../index.d.ts').ToolExecutionError} */
export const isOurs = (error) => error instanceof Error && 'fault' in error && 'code' in error

/** Whether another attempt would fail in the same way. @param {unknown} error @param {ReadonlySet<string>} final */
export function isFinal(error, final) {
  if (!isOurs(error)) return false
  return final.has(error.code) || saidOf(error).retryable === false
}

/** How many milliseconds the tool's error asks to wait. @param {unknown} error @returns {number | undefined} */
export function retryAfterOf(error) {
  const { retryAfter } = saidOf(error)
  return Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : undefined
}

/** The error that the tool threw, as data. @param {unknown} error */
const saidOf = (error) => (isOurs(error) && error.code === 'ERR_TOOL_THREW' ? Object(error.cause) : {})

/** `CODE: message`, and the hint on a line of its own. @param {unknown} error */
export const messageOf = (error) => (isOurs(error) ? `${error.code}: ${failureText(error)}` : failureText(error))

/**
 * The tool's own stack if the tool threw, otherwise that of the call.
 * @param {unknown} error
 * @returns {string | undefined}
 */
export function stackOf(error) {
  const { stack } = saidOf(error)
  if (typeof stack === 'string') return stack
  return error instanceof Error ? error.stack : undefined
}
