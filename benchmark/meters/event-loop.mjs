/** Measures how long the event loop is blocked while something happens. */

import { openSync, readSync } from 'node:fs'

const WAITED = 1
const NS_PER_MS = 1e6

/** The file is kept open and read by position, so that one reading takes a few microseconds. */
const schedstat = openSync('/proc/self/schedstat', 'r')
const buffer = Buffer.alloc(64)

/**
 * The milliseconds for which this thread was ready to run but had no core. On a busy machine this is most of a gap, and
 * it is not caused by what is measured.
 */
const coreWait = () =>
  Number(buffer.latin1Slice(0, readSync(schedstat, buffer, 0, buffer.length, 0)).split(' ')[WAITED]) / NS_PER_MS

const clock = () => performance.now() - coreWait()

/**
 * Turns the event loop as fast as possible and returns the longest time between two turns in milliseconds, without the
 * time spent waiting for a core. A timer would be too coarse: its resolution of a millisecond is as long as the gaps to
 * be measured.
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
