import process from 'node:process'

/**
 * Raises the exception of a user's callback as an uncaught exception of the host, as Node does for event targets. The
 * manager's own work is not interrupted, and the mistake is not hidden either.
 * @param {unknown} error
 */
export function raiseLater(error) {
  process.nextTick(() => {
    throw error
  })
}
