/** Scenario: the memory of idle workers, one and several of each kind, as proportional set size. */

import { setTimeout as sleep } from 'node:timers/promises'
import { pipe } from '../contestants/pipe.mjs'
import { piscina } from '../contestants/piscina.mjs'
import { tinypool } from '../contestants/tinypool.mjs'
import { prewarmed, reused } from '../contestants/toolwarden.mjs'
import { workerpool } from '../contestants/workerpool.mjs'
import { descendants, pssKib } from '../meters/proc.mjs'
import { ended, started } from '../rounds.mjs'

const WORKERS = 4
/** Time for workers to finish the work that follows their start. */
const SETTLE_MS = 300

export const memory = {
  name: 'memory',
  title: 'Memory per idle worker',
  entrypoints: ['empty', 'zod', 'zod-ai'],
  async run({ entrypoint }) {
    const entries = []
    for (const make of [pipe, reused, prewarmed, piscina, tinypool, workerpool]) {
      entries.push(await measured(Array.from({ length: WORKERS }, () => make({ entrypoint }))))
    }
    return entries
  },
}

async function measured(contestants) {
  const [{ name }] = contestants
  try {
    globalThis.gc?.()
    const hostBefore = pssKib('self')
    for (const contestant of contestants) {
      const reason = await started(contestant)
      if (reason !== null) return { contestant: name, notRun: reason }
    }
    for (const contestant of contestants) await contestant.rest?.()
    await sleep(SETTLE_MS)
    globalThis.gc?.()
    const workers = descendants().reduce((sum, { pid }) => sum + pssKib(pid), 0)
    const host = pssKib('self') - hostBefore
    return { contestant: name, rounds: [{ workerPssKib: workers / WORKERS, hostGrowthKib: host / WORKERS }] }
  } catch (error) {
    return { contestant: name, notRun: String(error?.message ?? error).split('\n')[0] }
  } finally {
    await Promise.all(contestants.map(ended))
  }
}
