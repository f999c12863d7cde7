/** Reads /proc about this process and its descendants. */

import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

/** Times in /proc are in USER_HZ, which is 100 on every Linux architecture that Node runs on. */
const TICKS_PER_SECOND = 100
const PPID = 1
const UTIME = 11
const STIME = 12
const CUTIME = 13
const CSTIME = 14

/**
 * The fields after the command name, which may itself contain spaces and parentheses; null for a process that has
 * ended.
 */
function statFields(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/**
 * @param {number} [root] default: this process
 * @returns {Array<{ pid: number, fields: string[] }>} all its descendants, including zombies
 */
export function descendants(root = process.pid) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), fields: statFields(name) }))
    .filter(({ fields }) => fields !== null)
  const found = []
  let parents = new Set([root])
  while (parents.size > 0) {
    const children = all.filter(({ fields }) => parents.has(Number(fields[PPID])))
    found.push(...children)
    parents = new Set(children.map(({ pid }) => pid))
  }
  return found
}

const ticks = (fields, ...columns) => columns.reduce((sum, column) => sum + Number(fields[column]), 0)

/**
 * User and system time in microseconds: the sum for this process with its threads, its live descendants and the
 * descendants that were waited for. A process that ends in between moves from one part of the sum to another and is
 * never lost.
 */
export function cpuMicroseconds() {
  const { user, system } = process.cpuUsage()
  const own = statFields('self')
  const reaped = ticks(own, CUTIME, CSTIME)
  const live = descendants().reduce((sum, { fields }) => sum + ticks(fields, UTIME, STIME, CUTIME, CSTIME), 0)
  return user + system + ((reaped + live) * 1e6) / TICKS_PER_SECOND
}

/** The proportional set size in KiB: the memory of a process if shared pages are divided among their users. */
export function pssKib(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Ends, by their pids, the descendants of `root` that a contestant left behind. @param {number} [root] */
export function endDescendants(root) {
  for (const { pid } of descendants(root)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // The process has ended since it was listed.
    }
  }
}
