/** The two ways in which calls are timed: one after the other, and many at once. */

import { INPUT } from '../payload.mjs'
import { quantile } from '../stats.mjs'
import { cpuMicroseconds } from './proc.mjs'

/**
 * Makes one call after the other. A contestant that prepares for the next call is given the time for it.
 * @param {{ call(input: unknown): Promise<unknown>, rest?(): Promise<void> }} contestant
 * @param {{ ms: number, most?: number, fewest?: number }} limit
 */
export async function oneByOne(contestant, { ms, most = Infinity, fewest = 5 }) {
  const times = []
  const end = performance.now() + ms
  while (times.length < most && (times.length < fewest || performance.now() < end)) {
    if (contestant.rest !== undefined) await contestant.rest()
    const from = performance.now()
    await contestant.call(INPUT)
    times.push((performance.now() - from) * 1000)
  }
  return { p50Us: quantile(times, 0.5), p95Us: quantile(times, 0.95), calls: times.length }
}

/**
 * Runs `inFlight` callers, each of which makes its next call as soon as the last one is answered.
 * @param {{ call(input: unknown): Promise<unknown> }} contestant
 * @param {{ ms: number, inFlight: number }} plan
 */
export async function manyAtOnce(contestant, { ms, inFlight }) {
  let calls = 0
  const cpuBefore = cpuMicroseconds()
  const from = performance.now()
  const end = from + ms
  const caller = async () => {
    while (performance.now() < end) {
      await contestant.call(INPUT)
      calls += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  const seconds = (performance.now() - from) / 1000
  return { callsPerSecond: calls / seconds, cpuUsPerCall: (cpuMicroseconds() - cpuBefore) / calls, calls }
}
