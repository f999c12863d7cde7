/** Reads processes from /proc, outside the hosts. */

import { readdirSync, readFileSync } from 'node:fs'

/** Returns what /proc says about a process, or null if there is none. @param {number} pid */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state = '', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid, state, parent: Number(parent) }
  } catch {
    return null
  }
}

/** Whether a process runs; a zombie does not count, because it can do nothing any more. @param {number} pid */
export function isAlive(pid) {
  const stat = statOf(pid)
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X'
}

/** Returns all descendants of a process. @param {number} root @returns {number[]} */
export function descendantsOf(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== null)
  const found = new Set([root])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  found.delete(root)
  return [...found]
}

/**
 * Waits at most `bound` milliseconds until none of the processes is alive. Returns how long that took, and the processes that are still alive.
 * @param {number[]} pids @param {number} bound
 */
export async function untilGone(pids, bound) {
  const start = performance.now()
  for (;;) {
    const left = pids.filter(isAlive)
    const ms = performance.now() - start
    if (left.length === 0 || ms > bound) return { ms, left }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
