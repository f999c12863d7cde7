/**
 * The soak test: one manager and very many calls. Most succeed, some throw, a few crash their process or run out of
 * time. Every call must settle as its kind does, the counts must add up, and memory, file descriptors and processes
 * must not grow.
 *
 *   node benchmark/soak.mjs [calls = 1000000]
 *
 * Prints its figures as JSON (and writes those of a full run to soak.json); exits with 1 if a check failed.
 */

import { readdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Manager } from '../index.js'
import { bunPath } from './contestants/binaries.mjs'
import { descendants } from './meters/proc.mjs'
import { check, kindOf, KINDS, settledAs } from './soak-kinds.mjs'

const FULL = 1_000_000
const CALLS = Number(process.argv[2] ?? FULL)
const IN_FLIGHT = 128
const WORKERS = 4
const SAMPLES = 50
/** Memory growth beyond this over the second half cannot be explained by the garbage collector. */
const MOST_GROWTH_MIB = 32
/** No call takes nearly as long. If no call settles for this long, those in flight never will. */
const STALL_MS = 60_000

const FOLDER = fileURLToPath(new URL('tools', import.meta.url))
const RESULT = new URL('soak.json', import.meta.url)

if (!Number.isSafeInteger(CALLS) || CALLS < 1) throw new RangeError('calls must be a whole number above 0')

const manager = new Manager(FOLDER, {
  entrypointPath: './soak.mjs',
  runtimePath: bunPath(),
  isolation: 'worker',
  minWorkers: WORKERS,
  maxWorkers: WORKERS,
  concurrentCallsPerWorker: 8,
  toolExecutionTimeout: '30s',
  gracePeriod: 0,
})

const MIB = 2 ** 20

function sample(done) {
  globalThis.gc?.()
  return {
    done,
    rssMib: Math.round(process.memoryUsage.rss() / MIB),
    fds: readdirSync('/proc/self/fd').length,
    processes: descendants().length,
  }
}

const outcomes = {}
const wrong = []
const samples = []
/** The calls in flight, so that the message about a stall can name them. */
const inFlight = new Map()
let begun = 0
let settled = 0
let progressAt = performance.now()

async function caller() {
  while (begun < CALLS) {
    const number = begun
    begun += 1
    const kind = kindOf(number)
    inFlight.set(number, kind)
    const outcome = await settledAs(KINDS[kind].call(manager, number))
    inFlight.delete(number)
    progressAt = performance.now()
    const key = `${kind}: ${outcome.code}`
    outcomes[key] = (outcomes[key] ?? 0) + 1
    if (!check(kind, number, outcome) && wrong.length < 20) wrong.push({ number, kind, ...outcome })
    settled += 1
    if (settled % Math.max(1, Math.floor(CALLS / SAMPLES)) === 0) {
      samples.push(sample(settled))
      process.stderr.write(`${JSON.stringify(samples.at(-1))}\n`)
    }
  }
}

/** Calls that never settle would let the soak wait without end: this check names them, and fails. */
const watch = setInterval(() => {
  if (performance.now() - progressAt < STALL_MS) return
  const stalled = { settled, inFlight: [...inFlight].map(([number, kind]) => ({ number, kind })), stats: manager.stats() }
  process.stdout.write(`${JSON.stringify({ calls: CALLS, problems: ['calls did not settle'], stalled, outcomes, samples }, null, 2)}\n`)
  process.exit(1)
}, 1000)

await manager.ready()
const before = sample(0)
const from = performance.now()
await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
clearInterval(watch)
const seconds = (performance.now() - from) / 1000
const stats = manager.stats()
await manager.close()
await sleep(200)
const after = sample(settled)

const half = samples.slice(Math.floor(samples.length / 2))
const growthMib = half.at(-1).rssMib - half[0].rssMib
const counts = stats.calls
const problems = [
  ...wrong.map((one) => `wrong outcome: ${JSON.stringify(one)}`),
  ...(settled === CALLS ? [] : [`${CALLS - settled} calls did not settle`]),
  ...(counts.succeeded + counts.failed === CALLS
    ? []
    : [`the manager counts ${counts.succeeded} + ${counts.failed} calls, not ${CALLS}`]),
  ...(growthMib <= MOST_GROWTH_MIB ? [] : [`memory grew by ${growthMib} MiB over the second half`]),
  ...(after.fds <= before.fds ? [] : [`file descriptors: ${before.fds} before, ${after.fds} after close`]),
  ...(after.processes === 0 ? [] : [`${after.processes} processes left after close`]),
]

const figures = {
  calls: CALLS,
  seconds: Number(seconds.toFixed(1)),
  callsPerSecond: Math.round(CALLS / seconds),
  enforcement: manager.enforcement.level,
  outcomes,
  stats,
  before,
  atHalf: half[0],
  atEnd: half.at(-1),
  afterClose: after,
  mostFds: Math.max(...samples.map(({ fds }) => fds)),
  mostProcesses: Math.max(...samples.map(({ processes }) => processes)),
  problems,
}
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
if (CALLS >= FULL) writeFileSync(RESULT, `${JSON.stringify(figures, null, 2)}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
