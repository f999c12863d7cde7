/** Makes calls at a fixed rate, one after the other, as a neighbour does, and measures how long they take. */

import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../stats.mjs'

/**
 * A call that takes longer than its interval delays the next ones. These are counted with the time that they would have
 * waited, because otherwise one slow call would hide many.
 * @param {() => Promise<unknown>} call
 * @param {number} everyMs
 */
export function steadily(call, everyMs) {
  const times = []
  const state = { running: true, answered: 0, failed: 0, from: 0 }
  const stopped = new AbortController()
  const count = (took) => {
    for (let waited = took; waited > 0; waited -= everyMs) times.push(waited)
  }
  const once = async () => {
    state.from = performance.now()
    const kind = await call().then(() => 'answered', () => 'failed')
    const took = performance.now() - state.from
    state.from = 0
    if (!state.running) return
    state[kind] += 1
    count(took)
    await sleep(Math.max(0, everyMs - took), undefined, { signal: stopped.signal }).catch(() => {})
  }
  const loop = async () => {
    while (state.running) await once()
  }
  loop()
  return {
    /** A call that is still in flight counts with the time it has waited so far. */
    stop() {
      state.running = false
      stopped.abort()
      if (state.from !== 0) count(performance.now() - state.from)
      if (times.length === 0) times.push(Infinity)
      const { answered, failed } = state
      return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), maxMs: quantile(times, 1), answered, failed }
    },
  }
}
