/**
 * Measures one flood in this process, which is the host: the calls of its neighbours before and during the flood, and
 * the event loop.
 */

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { copyTools } from '../../__test__/support/attack-natives.mjs'
import { Manager } from '../../index.js'
import { bunPath } from '../contestants/binaries.mjs'
import { watchLoop } from '../meters/loop-delay.mjs'
import { steadily } from '../meters/steady.mjs'
import { INPUT } from '../payload.mjs'
import { churn } from './churn.mjs'

const NEIGHBOUR = fileURLToPath(new URL('../tools/empty.mjs', import.meta.url))
/**
 * The interval between calls to a process that serves call after call; a manager with a process per call is called less
 * often.
 */
const REUSED_EVERY_MS = 25
const PER_CALL_EVERY_MS = 150
const NEW_MANAGER_EVERY_MS = 250
const SETTLE_MS = 700
/** The last call of a flood ends half of this before the measurement does, so that its outcome is seen. */
const SHORTEST_CALL_MS = 400
const BUNDLING_LIMIT_MS = 10_000
const CLOSE_LIMIT_MS = 10_000

/** Makes a project with the tools of the attack and of the neighbour, and a file beside it that no tool may read. */
function makeProject() {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'toolwarden-floods-')))
  const dir = join(top, 'project')
  const path = join(top, 'secret.txt')
  mkdirSync(dir)
  writeFileSync(path, 'secret')
  copyTools(dir)
  copyFileSync(NEIGHBOUR, join(dir, 'neighbour.mjs'))
  // The entrypoint has several modules, because a bundle of a single one gains nothing and is not made.
  const parts = Array.from({ length: 12 }, (_, part) => part)
  for (const part of parts) writeFileSync(join(dir, `part${part}.mjs`), `export const part${part} = ${part}\n${'// a line of a module\n'.repeat(300)}`)
  writeFileSync(join(dir, 'many.mjs'), `${parts.map((part) => `import { part${part} } from './part${part}.mjs'\n`).join('')}export { add } from './neighbour.mjs'\nexport const parts = () => [${parts.map((part) => `part${part}`)}]\n`)
  return { dir, path, remove: () => rmSync(top, { recursive: true, force: true }) }
}

/** @param {Promise<unknown>} promise @returns {Promise<boolean>} whether the promise settled in time */
async function settles(promise, ms) {
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer))
}

/** Waits, with a limit, until the entrypoint cache has its bundle, which is made in the background. */
async function bundled(dir) {
  const end = performance.now() + BUNDLING_LIMIT_MS
  while (performance.now() < end && !readdirSync(join(dir, '.toolwarden')).some((name) => /^bundle-[^-]+\.json$/.test(name))) await sleep(20)
}

/** Reads a value as an ordinary caller would. */
function listen(value) {
  try {
    JSON.stringify(value)
  } catch {
    // The value is nested too deeply to be read. That is the manager's fault, but it does not end the measurement.
  }
}

/** Makes calls of the flood until the time is over, each as soon as the one before it has ended. */
async function flooding(manager, flood, around, until, outcomes) {
  for (let number = 0; performance.now() < until - SHORTEST_CALL_MS; number += 1) {
    const [tool, input] = flood.calls[number % flood.calls.length]
    const ms = Math.round(until - performance.now()) - SHORTEST_CALL_MS / 2
    const outcome = await manager
      .executeTool(tool, { ms, ...input(around) }, { timeout: ms + 1000, onProgress: listen, onLog: () => {} })
      .then(() => 'ok', (error) => error.code ?? error.message)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
}

/** @param {import('./all.mjs').Flood} flood @param {{ quietMs: number, floodMs: number, runtime: 'bun' | 'node' }} plan */
export async function measure(flood, { quietMs, floodMs, runtime }) {
  const project = makeProject()
  const peer = await flood.prepare?.()
  const around = { path: project.path, port: peer?.port }
  const runtimeOf = runtime === 'bun' ? { runtimePath: bunPath() } : { runtimeType: 'node' }
  const open = (entrypointPath, config) =>
    new Manager(project.dir, { entrypointPath, bunPermissions: [], gracePeriod: 0, backoffMaxElapsedTime: '5s', runtimePath: bunPath(), ...config })
  const flags = flood.flags?.(around) ?? []
  const permissions = runtime === 'bun' ? { bunPermissions: flags } : { nodeOptions: ['--permission', ...flags] }
  const parallel = flood.parallel ?? 2
  const attacked = open('./floods.mjs', {
    isolation: 'call',
    minWorkers: 1,
    maxWorkers: parallel + 2,
    toolExecutionTimeout: '30s',
    ...runtimeOf,
    ...permissions,
    ...flood.config,
  })
  const reused = open('./neighbour.mjs', { isolation: 'worker', maxWorkers: 1 })
  const perCall = open('./neighbour.mjs', { isolation: 'call', maxWorkers: 2 })
  const managers = [attacked, reused, perCall]
  await Promise.all(managers.map((manager) => manager.ready()))

  const oneMoreManager = flood.churns && churn((config) => open('./many.mjs', config))

  /** Measures all neighbours at once while `work` runs. */
  const during = async (work) => {
    const meters = {
      reused: steadily(() => reused.executeTool('add', INPUT), REUSED_EVERY_MS),
      perCall: steadily(() => perCall.executeTool('add', INPUT), PER_CALL_EVERY_MS),
      sameManager: steadily(() => attacked.executeTool('nothing'), PER_CALL_EVERY_MS),
      ...(oneMoreManager && { newManager: steadily(oneMoreManager, NEW_MANAGER_EVERY_MS) }),
    }
    const loop = watchLoop()
    await work()
    const eventLoop = loop.stop()
    const neighbours = Object.fromEntries(Object.entries(meters).map(([name, meter]) => [name, meter.stop()]))
    return { ...neighbours, eventLoop }
  }

  await during(() => sleep(SETTLE_MS))
  // The bundle's lock file is one of those that the managers compete for; it exists once the bundle does.
  if (flood.churns) await bundled(project.dir)
  const quiet = await during(() => sleep(quietMs))
  const outcomes = {}
  let calls
  const flooded = await during(async () => {
    const until = performance.now() + floodMs
    calls = Promise.all(Array.from({ length: parallel }, () => flooding(attacked, flood, around, until, outcomes)))
    await sleep(floodMs)
  })
  const from = performance.now()
  const closed = await settles(Promise.all([calls, ...managers.map((manager) => manager.close({ force: true }))]), CLOSE_LIMIT_MS)
  peer?.close()
  project.remove()
  return {
    flood: flood.name,
    does: flood.does,
    flags,
    quiet,
    flooded,
    outcomes,
    enforcement: reused.enforcement.level,
    closeMs: closed ? performance.now() - from : null,
  }
}
