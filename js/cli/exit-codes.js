/** The exit codes, documented in docs/cli.md. */

import { UsageError } from './usage-error.js'

export const ExitCode = Object.freeze({
  DONE: 0,
  FAILED: 1,
  USAGE: 2,
  DENIED: 3,
  TIMED_OUT: 4,
  INTERRUPTED: 130,
  TERMINATED: 143,
})

/** @type {Record<string, number>} */
const BY_CODE = {
  ERR_CONFIG_INVALID: ExitCode.USAGE,
  ERR_RUNTIME_UNSUPPORTED: ExitCode.USAGE,
  ERR_RUNTIME_NOT_FOUND: ExitCode.USAGE,
  ERR_SANDBOX_UNAVAILABLE: ExitCode.USAGE,
  ERR_ENTRYPOINT_NOT_FOUND: ExitCode.USAGE,
  ERR_TOOL_ID_INVALID: ExitCode.USAGE,
  ERR_ENV_INVALID: ExitCode.USAGE,
  ERR_INPUT_INVALID: ExitCode.USAGE,
  ERR_TOOL_NOT_FOUND: ExitCode.USAGE,
  ERR_ACCESS_DENIED: ExitCode.DENIED,
  ERR_TOOL_TIMEOUT: ExitCode.TIMED_OUT,
  ABORT_ERR: ExitCode.INTERRUPTED,
}

/** @param {unknown} error */
export function exitCodeOf(error) {
  if (error instanceof UsageError) return ExitCode.USAGE
  return BY_CODE[Object(error).code] ?? ExitCode.FAILED
}
