/** Doing something as another user, or as the one who runs the tests where that is no other. */

import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** The other user; nobody needs to be known by that number. */
export const OTHER = 54_322
export const isRoot = process.getuid() === 0

const as = (user, command) => execFileSync('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })

/** Runs a shell's words as the other user. Only root can. */
export const byOther = (script) => as(OTHER, ['sh', '-euc', script])
