/** Calls one after the other at a fixed rate, as a neighbour makes them, and how long they took. */

import { quantile } from '../stats.mjs'

/**
 * A call that takes longer than the rate allows keeps the next ones from being made, and these would have waited too: they
 * are counted with the time they would have waited, or one slow call would hide many.
 * @param {() => Promise<unknown>} call @param {number} everyMs
 */
export function steadily(call, everyMs) {
  const times = []
  let failed = 0
  let running = true
  let wake = () => {}
  const count = (took) => {
    for (let waited = took; waited > 0; waited -= everyMs) times.push(waited)
  }
  let from = 0
  const loop = async () => {
    while (running) {
      from = performance.now()
      try {
        await call()
      } catch {
        failed += 1
      }
      const took = performance.now() - from
      if (running) count(took)
      from = 0
      await new Promise((resolve) => {
        wake = resolve
        setTimeout(resolve, Math.max(0, everyMs - took))
      })
    }
  }
  loop()
  return {
    /** A call that is still in flight counts with the time it has waited so far. */
    stop() {
      running = false
      wake()
      if (from !== 0) count(performance.now() - from)
      return times.length === 0
        ? { p50Ms: Infinity, p95Ms: Infinity, maxMs: Infinity, calls: 0, failed }
        : { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), maxMs: quantile(times, 1), calls: times.length, failed }
    },
  }
}
