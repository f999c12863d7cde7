/**
 * Scenarios: processes that are forked from one that has imported the entrypoint, beside those that are started as usual and
 * beside a plain `child_process.spawn`.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { bunPath } from '../contestants/binaries.mjs'
import { spawn } from '../contestants/spawn.mjs'
import { allPrewarmed, cold, forked, forkedCold, forkedPrewarmed, sustained } from '../contestants/toolwarden.mjs'
import { manyAtOnce, oneByOne } from '../meters/calls.mjs'
import { descendants, pssKib } from '../meters/proc.mjs'
import { ORIGIN } from '../names.mjs'
import { INPUT } from '../payload.mjs'
import { ended, interleave, started } from '../rounds.mjs'

const IN_FLIGHT = 8
const WAITING = 4
const SLICE_MS = 1000
const BUDGET_MS = 20_000
/** How often each of them is used before. */
const ROUNDS = 4
/** Time in which waiting processes finish what follows their start. */
const SETTLE_MS = 500
const ENTRYPOINTS = ['empty', 'zod', 'zod-warmup', 'zod-ai', 'zod-ai-warmup']

export const forkedLatency = {
  name: 'forked-latency',
  title: 'Forked processes, one call at a time',
  entrypoints: ENTRYPOINTS,
  run: ({ entrypoint, profile }) =>
    interleave(
      [spawn, cold, forkedCold, allPrewarmed, forkedPrewarmed].map((make) => make({ entrypoint })),
      profile,
      (contestant) => oneByOne(contestant, { ms: profile.sliceMs, most: profile.callsPerRound }),
    ),
}

/**
 * Processes that replace used ones are started until after a slice, and use the time of the next one. In slices of a second
 * that is little of it.
 * @param {{ sliceMs: number, budgetMs: number }} profile
 */
const inLongSlices = (profile) => ({ ...profile, sliceMs: Math.max(profile.sliceMs, SLICE_MS), budgetMs: Math.max(profile.budgetMs, BUDGET_MS) })

export const forkedThroughput = {
  name: 'forked-throughput',
  title: `Forked processes, ${IN_FLIGHT} calls in flight`,
  entrypoints: ENTRYPOINTS,
  run: ({ entrypoint, profile }) =>
    interleave(
      [spawn, sustained, forked].map((make) => make({ entrypoint, inFlight: IN_FLIGHT })),
      inLongSlices(profile),
      (contestant) => manyAtOnce(contestant, { ms: inLongSlices(profile).sliceMs, inFlight: IN_FLIGHT }),
    ),
}

export const forkedWork = {
  name: 'forked-work',
  title: 'Forked processes, a tool that computes',
  entrypoints: ['works'],
  run: ({ entrypoint, profile }) =>
    interleave([allPrewarmed, forkedPrewarmed].map((make) => make({ entrypoint })), profile, (contestant) =>
      oneByOne(contestant, { ms: profile.sliceMs, most: profile.callsPerRound }),
    ),
}

export const forkedMemory = {
  name: 'forked-memory',
  title: 'Forked processes, memory of each that waits',
  entrypoints: ['empty', 'zod', 'zod-warmup', 'zod-ai-warmup'],
  run: async ({ entrypoint }) => [
    ...(await measured(allPrewarmed({ entrypoint, waiting: WAITING }))),
    ...(await measured(forkedPrewarmed({ entrypoint, waiting: WAITING }))),
  ],
}

const commandLine = (pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8')

/**
 * Whether this is a process of Bun that runs tools. The guardian, which shares all memory with the host, looks like the host.
 * @param {number} pid
 */
function runsTools(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === bunPath() && commandLine(pid) !== commandLine(process.pid)
  } catch {
    return false
  }
}

/** The memory of each process that waits, and of the origin where there is one. */
async function measured(contestant) {
  const { name } = contestant
  try {
    const reason = await started(contestant)
    if (reason !== null) return [{ contestant: name, notRun: reason }]
    // All at once, so that each process that waits is used: the first ones were started before there was an origin, and the next
    // ones before it was known what they had better copy.
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(Array.from({ length: WAITING }, () => contestant.call(INPUT)))
      await contestant.rest()
    }
    await contestant.rest()
    await sleep(SETTLE_MS)
    const { pid } = contestant.stats().origin
    const processes = descendants().filter((one) => one.pid !== pid && runsTools(one.pid))
    const waiting = processes.reduce((sum, one) => sum + pssKib(one.pid), 0)
    const origin = pid === null ? 0 : pssKib(pid)
    return [
      { contestant: name, enforcement: contestant.enforcement(), rounds: [{ workerPssKib: waiting / processes.length }] },
      ...(pid === null ? [] : [{ contestant: ORIGIN, rounds: [{ workerPssKib: origin }] }]),
    ]
  } catch (error) {
    return [{ contestant: name, notRun: String(error?.message ?? error).split('\n')[0] }]
  } finally {
    await ended(contestant)
  }
}
