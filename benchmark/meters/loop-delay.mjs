/** Measures the delay of the event loop over a longer time. */

import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5
const NS_PER_MS = 1e6

/** @returns {{ stop(): { p99Ms: number, maxMs: number } }} */
export function watchLoop() {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  // monitorEventLoopDelay notes a delay when the loop turns again; a delay that lasts until the end has to be added
  // here.
  let turned = performance.now()
  const timer = setInterval(() => (turned = performance.now()), RESOLUTION_MS)
  return {
    stop() {
      delays.disable()
      clearInterval(timer)
      const last = performance.now() - turned - RESOLUTION_MS
      return { p99Ms: delays.percentile(99) / NS_PER_MS, maxMs: Math.max(delays.max / NS_PER_MS, last) }
    },
  }
}
