/** Scenario: how long the event loop of a host with a large heap is blocked while a process starts. */

import { setTimeout as sleep } from 'node:timers/promises'
import { spawn } from '../contestants/spawn.mjs'
import { cold } from '../contestants/toolwarden.mjs'
import { fillHeap } from '../meters/heap.mjs'
import { longestGap } from '../meters/event-loop.mjs'
import { RESULT } from '../payload.mjs'
import { interleave } from '../rounds.mjs'
import { quantile } from '../stats.mjs'

/** The control: the same measurement while nothing starts shows the machine's own delays. */
const nothing = () => ({
  name: 'nothing started',
  async setup() {},
  async call() {
    await sleep(20)
    return RESULT
  },
  async teardown() {},
})

export const eventLoop = {
  name: 'event-loop',
  title: 'Event loop blocked per process start, large heap',
  entrypoints: ['empty'],
  hostFlags: ({ heapMb }) => [`--max-old-space-size=${heapMb + 1024}`],
  async run({ entrypoint, profile, heapMb }) {
    const held = fillHeap(heapMb)
    const entries = await interleave([nothing(), spawn({ entrypoint }), cold({ entrypoint })], profile, (contestant) =>
      gaps(contestant, profile.gaps),
    )
    held.release()
    return entries
  },
}

async function gaps(contestant, count) {
  const times = []
  for (let done = 0; done < count; done += 1) times.push(await longestGap(() => contestant.call({ a: 2, b: 3, note: '' })))
  return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), calls: count }
}
