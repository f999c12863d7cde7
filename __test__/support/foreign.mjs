/** Does something as another user, or as the user who runs the tests if there is no other. */

import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** The other user; the number needs no entry in the user database. */
export const OTHER = 54_322
export const isRoot = process.getuid() === 0

const as = (user, command) => execFileSync('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })

/** Runs a shell command as the other user. Only root can. */
export const byOther = (script) => as(OTHER, ['sh', '-euc', script])

/** Runs a test file once more, as the other user, and fails if it fails. Only root can. */
export function testsByOther(file) {
  const runner = process.versions.bun ? ['test', file] : ['--test', '--test-reporter=spec', file]
  // Otherwise the runner of these tests would take those for its own.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  try {
    execFileSync('setpriv', [`--reuid=${OTHER}`, `--regid=${OTHER}`, '--clear-groups', process.execPath, ...runner], { stdio: 'pipe', encoding: 'utf8', timeout: 100_000, env: { ...env, HOME: '/nonexistent' } })
  } catch (error) {
    throw new Error(`as user ${OTHER}: ${error.stdout}${error.stderr}`, { cause: error })
  }
}
