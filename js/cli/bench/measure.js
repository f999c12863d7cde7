/** Measures the times of single calls, and the rate of concurrent calls. */

import { performance } from 'node:perf_hooks'

/** @param {readonly number[]} sorted @param {number} share */
const quantile = (sorted, share) =>
  /** @type {number} */ (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)])

/**
 * @param {object} work
 * @param {number} work.n
 * @param {number} work.sideBySide
 * @param {AbortSignal} work.signal
 * @param {() => Promise<unknown>} work.call
 * @param {() => Promise<void>} [work.prepare] before each timed call, not timed
 */
export async function measure({ n, sideBySide, signal, call, prepare }) {
  /** @type {number[]} */
  const times = []
  for (let done = 0; done < n; done++) {
    signal.throwIfAborted()
    await prepare?.()
    const start = performance.now()
    await call()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { p50: quantile(times, 0.5), p95: quantile(times, 0.95), p99: quantile(times, 0.99), rate: await rate(n, sideBySide, call) }
}

/** @param {number} n @param {number} sideBySide @param {() => Promise<unknown>} call */
async function rate(n, sideBySide, call) {
  let left = n
  const one = async () => {
    while (left-- > 0) await call()
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: Math.min(n, sideBySide) }, one))
  return n / ((performance.now() - start) / 1000)
}
