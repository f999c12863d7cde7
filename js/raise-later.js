import process from 'node:process'

/**
 * Raises what a user's callback threw where it belongs: as an uncaught exception of the host, as Node does for event
 * targets. The manager's own work is not interrupted, and the mistake is not hidden either.
 * @param {unknown} error
 */
export function raiseLater(error) {
  process.nextTick(() => {
    throw error
  })
}
