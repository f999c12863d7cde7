/**
 * toolwarden in each of the configurations that are compared. The sandbox is on unless a configuration switches it off.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { INPUT } from '../payload.mjs'
import { FORKED, FORKED_COLD, FORKED_PREWARMED, PREWARMED } from '../names.mjs'
import { bunPath } from './binaries.mjs'

const BUNDLING_LIMIT_MS = 10_000
/** A pause between calls for processes that wait. */
const WAITING_MS = 10

/** Under load, calls wait in the queue and processes take long to start; no call here is meant to time out. */
const PATIENT = { toolExecutionTimeout: '60s', idleTimeout: '10m' }

/** @param {string} name @param {object} config */
function contestant(name, entrypoint, config) {
  let manager
  return {
    name,
    async setup() {
      const { Manager } = await import('../../index.js')
      manager = new Manager(dirname(entrypoint), {
        ...PATIENT,
        runtimePath: bunPath(),
        entrypointPath: entrypoint,
        ...config,
      })
      await manager.ready()
    },
    call: (input) => manager.executeTool('add', input),
    /** @param {string} tool @param {number} count @returns {Promise<void>} resolves once all lines have arrived */
    async print(tool, count) {
      let lines = 0
      await manager.executeTool(tool, count, { onLog: () => (lines += 1) })
      if (lines !== count) throw new Error(`${lines} of ${count} lines came`)
    },
    stats: () => manager.stats(),
    /**
     * What was enforced during the measurement: figures without enforcement must not be taken for figures of a sandbox.
     */
    enforcement: () => manager.enforcement.level,
    async teardown() {
      await manager?.close({ force: true })
    },
  }
}

/** One process that serves call after call, many at once if `inFlight` is above 1. */
export const reused = ({ entrypoint, inFlight = 1, ...config }, name = 'toolwarden, reused worker') =>
  contestant(name, entrypoint, {
    isolation: 'worker',
    minWorkers: 1,
    maxWorkers: 1,
    concurrentCallsPerWorker: inFlight,
    ...config,
  })

/**
 * A process that prints, with onLog as the receiver.
 * @param {string} name
 * @param {string} tool
 * @param {'worker' | 'call'} isolation
 */
const printing = (name, tool, isolation) => ({ entrypoint }) => {
  const made = contestant(name, entrypoint, { isolation, minWorkers: 1, maxWorkers: 1 })
  return { ...made, print: (count) => made.print(tool, count) }
}

export const logLines = printing('toolwarden onLog, console.log', 'printLines', 'worker')
export const logLinesOfCalls = printing('toolwarden onLog, console.log, process per call', 'printLines', 'call')
export const logPieces = printing('toolwarden onLog, large writes', 'printPieces', 'worker')

/** A process of its own for every call, started before the call comes and with the entrypoint imported. */
export function prewarmed({ entrypoint }, name = 'toolwarden, prewarmed process per call') {
  const made = contestant(name, entrypoint, { isolation: 'call', minWorkers: 1 })
  return {
    ...made,
    /** In this scenario calls come with pauses between them: the next call finds its process ready. */
    async rest() {
      while (made.stats().workers.idle < 1 || made.stats().workers.starting > 0) await sleep(1)
    },
  }
}

/** The same with an entrypoint that exports a `warmup`. */
export const warmedUp = ({ entrypoint }) =>
  prewarmed({ entrypoint: entrypoint.replace(/\.mjs$/, '-warmup.mjs') }, 'toolwarden, prewarmed, with a warmup')

/** A process of its own for every call, started only when the call comes. */
export const cold = ({ entrypoint }) =>
  contestant('toolwarden, cold process per call', entrypoint, { isolation: 'call', minWorkers: 0 })

export const coldUnsandboxed = ({ entrypoint }) =>
  contestant('toolwarden, cold, sandbox off', entrypoint, { isolation: 'call', minWorkers: 0, sandbox: 'off' })

/** Whether the entrypoint cache has a bundle of this entrypoint. @param {string} entrypoint */
function isBundled(entrypoint) {
  const folder = join(dirname(entrypoint), '.toolwarden')
  const manifests = readdirSync(folder).filter((name) => /^bundle-[^-]+\.json$/.test(name))
  return manifests.some((name) => readFileSync(join(folder, name), 'utf8').includes(JSON.stringify(entrypoint)))
}

/**
 * Returns the same contestant, which waits during setup until its bundle is there: the bundle is made in the
 * background, which is not to be measured.
 */
function bundled(entrypoint, made) {
  return {
    ...made,
    async setup() {
      await made.setup()
      await made.call(INPUT)
      for (let waited = 0; !isBundled(entrypoint); waited += 20) {
        if (waited > BUNDLING_LIMIT_MS) throw new Error('no bundle was made')
        await sleep(20)
      }
    },
  }
}

/** Like `cold`, from the bundle of the entrypoint cache. */
export const coldCached = ({ entrypoint }) =>
  bundled(
    entrypoint,
    contestant('toolwarden, cold, entrypointCache', entrypoint, { isolation: 'call', minWorkers: 0, entrypointCache: true }),
  )

/** Like `sustained`, from the bundle of the entrypoint cache. */
export const sustainedCached = ({ entrypoint, inFlight = 1 }) =>
  bundled(
    entrypoint,
    contestant('toolwarden, process per call, entrypointCache', entrypoint, {
      isolation: 'call',
      minWorkers: inFlight,
      maxWorkers: inFlight,
      entrypointCache: true,
    }),
  )

/** A process of its own for every call, with `inFlight` calls at once. */
export const sustained = ({ entrypoint, inFlight = 1 }) =>
  contestant('toolwarden, process per call', entrypoint, {
    isolation: 'call',
    minWorkers: inFlight,
    maxWorkers: inFlight,
  })

/** Forked for the call from a process that has imported the entrypoint. `setup` waits until there is one. */
export const forkedCold = ({ entrypoint }) =>
  contestant(FORKED_COLD, entrypoint, { isolation: 'call', minWorkers: 0, processStart: 'fork' })

/** The same, forked before the call comes. `waiting`: how many at once. */
export function forkedPrewarmed({ entrypoint, waiting = 1 }) {
  const made = contestant(FORKED_PREWARMED, entrypoint, {
    isolation: 'call',
    minWorkers: waiting,
    maxWorkers: waiting + 1,
    processStart: 'fork',
  })
  return { ...made, rest: () => rested(made, waiting) }
}

/** The same as `prewarmed`, with several processes. */
export function allPrewarmed({ entrypoint, waiting = 1 }) {
  const made = contestant(PREWARMED, entrypoint, { isolation: 'call', minWorkers: waiting, maxWorkers: waiting + 1 })
  return { ...made, rest: () => rested(made, waiting) }
}

/** Like `sustained`, forked. */
export const forked = ({ entrypoint, inFlight = 1 }) =>
  contestant(FORKED, entrypoint, { isolation: 'call', minWorkers: inFlight, maxWorkers: inFlight, processStart: 'fork' })

/** Waits until so many processes wait, and have done what they do while they wait. */
async function rested(made, waiting) {
  while (made.stats().workers.idle < waiting || made.stats().workers.starting > 0) await sleep(1)
  await sleep(WAITING_MS)
}
