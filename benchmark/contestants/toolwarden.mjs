/** toolwarden in each of the shapes that are compared; the sandbox is on unless a shape says otherwise. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { INPUT } from '../payload.mjs'
import { bunPath } from './binaries.mjs'

const BUNDLING_LIMIT_MS = 10_000

/** Calls wait for their turn, and processes may start, under load: no call here is meant to time out. */
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
    /** @param {string} tool @param {number} count @returns {Promise<void>} once all lines have come */
    async print(tool, count) {
      let lines = 0
      await manager.executeTool(tool, count, { onLog: () => (lines += 1) })
      if (lines !== count) throw new Error(`${lines} of ${count} lines came`)
    },
    stats: () => manager.stats(),
    /** What held while it was measured: figures of an unenforced sandbox must not pass for those of one. */
    enforcement: () => manager.enforcement.level,
    async teardown() {
      await manager?.close({ force: true })
    },
  }
}

/** One process that serves call after call, many at a time. */
export const reused = ({ entrypoint, inFlight = 1, ...config }, name = 'toolwarden, reused worker') =>
  contestant(name, entrypoint, {
    isolation: 'worker',
    minWorkers: 1,
    maxWorkers: 1,
    concurrentCallsPerWorker: inFlight,
    ...config,
  })

/** A process that prints, and onLog. @param {string} name @param {string} tool @param {'worker' | 'call'} isolation */
const printing = (name, tool, isolation) => ({ entrypoint }) => {
  const made = contestant(name, entrypoint, { isolation, minWorkers: 1, maxWorkers: 1 })
  return { ...made, print: (count) => made.print(tool, count) }
}

export const logLines = printing('toolwarden onLog, console.log', 'printLines', 'worker')
export const logLinesOfCalls = printing('toolwarden onLog, console.log, process per call', 'printLines', 'call')
export const logPieces = printing('toolwarden onLog, large writes', 'printPieces', 'worker')

/** A process of its own for every call, started and imported before the call comes. */
export function prewarmed({ entrypoint }, name = 'toolwarden, prewarmed process per call') {
  const made = contestant(name, entrypoint, { isolation: 'call', minWorkers: 1 })
  return {
    ...made,
    /** Calls come now and then here: the next one finds its process ready. */
    async rest() {
      while (made.stats().workers.idle < 1 || made.stats().workers.starting > 0) await sleep(1)
    },
  }
}

/** The same where the entrypoint exports a `warmup`. */
export const warmedUp = ({ entrypoint }) =>
  prewarmed({ entrypoint: entrypoint.replace(/\.mjs$/, '-warmup.mjs') }, 'toolwarden, prewarmed, with a warmup')

/** A process of its own for every call, started when the call comes. */
export const cold = ({ entrypoint }) =>
  contestant('toolwarden, cold process per call', entrypoint, { isolation: 'call', minWorkers: 0 })

export const coldUnsandboxed = ({ entrypoint }) =>
  contestant('toolwarden, cold, sandbox off', entrypoint, { isolation: 'call', minWorkers: 0, sandbox: 'off' })

/** Whether a bundle of this entrypoint lies ready. @param {string} entrypoint */
function isBundled(entrypoint) {
  const folder = join(dirname(entrypoint), '.toolwarden')
  const manifests = readdirSync(folder).filter((name) => /^bundle-[^-]+\.json$/.test(name))
  return manifests.some((name) => readFileSync(join(folder, name), 'utf8').includes(JSON.stringify(entrypoint)))
}

/** The same contestant once its bundle is there: it is made in the background, which is not what is measured. */
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

/** As `cold`, from the bundle of the entrypoint cache. */
export const coldCached = ({ entrypoint }) =>
  bundled(
    entrypoint,
    contestant('toolwarden, cold, entrypointCache', entrypoint, { isolation: 'call', minWorkers: 0, entrypointCache: true }),
  )

/** As `sustained`, from the bundle of the entrypoint cache. */
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

/** A process of its own for every call, as many calls at once as `inFlight`. */
export const sustained = ({ entrypoint, inFlight = 1 }) =>
  contestant('toolwarden, process per call', entrypoint, {
    isolation: 'call',
    minWorkers: inFlight,
    maxWorkers: inFlight,
  })
