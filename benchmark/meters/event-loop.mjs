/** How long the event loop stands still while something happens. */

import { openSync, readSync } from 'node:fs'

const WAITED = 1
const NS_PER_MS = 1e6

/** Kept open and read by position, a reading takes a few microseconds. */
const schedstat = openSync('/proc/self/schedstat', 'r')
const buffer = Buffer.alloc(64)

/**
 * Milliseconds this thread was ready to run but had no core: on a busy machine most of a gap, and no fault of what is
 * measured.
 */
const coreWait = () =>
  Number(buffer.latin1Slice(0, readSync(schedstat, buffer, 0, buffer.length, 0)).split(' ')[WAITED]) / NS_PER_MS

const clock = () => performance.now() - coreWait()

/**
 * Runs the loop as fast as it goes and gives the longest time between two turns in milliseconds, less the time spent
 * waiting for a core. A timer would not do: its own resolution is a millisecond, the very size of what is looked for.
 * @param {() => Promise<unknown>} work
 */
export async function longestGap(work) {
  let longest = 0
  let last = clock()
  let running = true
  const turn = () => {
    const now = clock()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  running = false
  return Math.max(longest, clock() - last)
}
