import { readdirSync, readFileSync } from 'node:fs'

import { until } from './waiting.mjs'

/** The content of /proc about a process, or null if there is no such process. */
export function processInfo(pid) {
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

/** Whether the process is still running. A zombie is not; its parent decides when it is removed. */
export function isRunning(pid) {
  const info = processInfo(pid)
  return info !== null && info.state !== 'Z' && info.state !== 'X'
}

/** Resolves once the process is no longer running. */
export const processEnd = (pid) => until(() => !isRunning(pid), `process ${pid} ended`)

/** The children of a process, zombies included. */
export function childrenOf(pid) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(processInfo)
    .filter((info) => info !== null && info.parent === pid)
    .map((info) => info.pid)
}

/** The children of this process, zombies included. */
export const ownChildren = () => childrenOf(process.pid)

/** How many file descriptors this process has open. */
export const openDescriptors = () => readdirSync('/proc/self/fd').length
