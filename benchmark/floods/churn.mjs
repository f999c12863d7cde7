/** Managers that open, make a call and close, one after the other, in the directory that the flood's manager uses too. */

import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 200

/**
 * @param {(config: object) => import('../../index.js').Manager} open a manager with the neighbour's tool
 * @returns {{ stop(): Promise<{ opened: number, failed: number, longestMs: number }> }} `longestMs`: the constructor, or the closing
 */
export function churn(open) {
  const seen = { opened: 0, failed: 0, longestMs: 0 }
  let running = true
  const timed = async (work) => {
    const from = performance.now()
    const done = await work()
    seen.longestMs = Math.max(seen.longestMs, performance.now() - from)
    return done
  }
  const loop = async () => {
    while (running) {
      // Another size is another worker file, with a lock file of its own.
      const manager = await timed(() => open({ minWorkers: 0, entrypointCache: true, maxOutputSize: 1_000_000 + seen.opened }))
      seen.opened += 1
      await manager.executeTool('add', { a: 1, b: 2 }, { timeout: '2s' }).catch(() => (seen.failed += 1))
      await timed(() => manager.close({ force: true }))
      await sleep(PAUSE_MS)
    }
  }
  const ended = loop()
  return {
    async stop() {
      running = false
      await ended
      return seen
    },
  }
}
