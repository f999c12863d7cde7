import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

import { until } from './waiting.mjs'

/** @typedef {{ pid: number, state: string, parent: number }} ProcessInfo */

/** What /proc tells about a process, or null if there is no such process. */
function fromProc(pid) {
  let stat
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null
    throw error
  }
  // The command name may contain blanks and brackets; the fields start after the last bracket.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid: Number(pid), state, parent: Number(parent) }
}

/** What `ps` tells of all processes but itself, where there is no /proc. @returns {ProcessInfo[]} */
function fromPs() {
  const ps = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' })
  const fields = ps.stdout.split('\n').map((line) => line.trim().split(/\s+/))
  const all = fields.filter(({ length }) => length === 3).map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), state: state[0] }))
  return all.filter(({ pid }) => pid !== ps.pid)
}

/** All processes. @returns {ProcessInfo[]} */
const allProcesses = () =>
  process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(fromProc).filter((info) => info !== null) : fromPs()

/** The process, or null if there is none of this number. @returns {ProcessInfo | null} */
export const processInfo = (pid) => (process.platform === 'linux' ? fromProc(pid) : (fromPs().find((info) => info.pid === Number(pid)) ?? null))

/** Whether the process is still running. A zombie is not; its parent decides when it is removed. */
export function isRunning(pid) {
  const info = processInfo(pid)
  return info !== null && info.state !== 'Z' && info.state !== 'X'
}

/** Resolves once the process is no longer running. */
export const processEnd = (pid) => until(() => !isRunning(pid), `process ${pid} ended`)

/** The children of a process, zombies included. */
export const childrenOf = (pid) => allProcesses().filter((info) => info.parent === pid).map((info) => info.pid)

/** The children of this process, zombies included. */
export const ownChildren = () => childrenOf(process.pid)

/** How many file descriptors this process has open. */
export const openDescriptors = () => readdirSync('/dev/fd').length
