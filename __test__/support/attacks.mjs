/**
 * Runs attacks: each one with each runtime, as the user who runs the tests and, if that is root, also as an ordinary
 * user. Each attack has a twin, which does the same harmlessly or with the flag that allows it, and must work: an
 * attack that fails for another reason than the sandbox proves nothing.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import './about-the-sandbox.mjs'
import { compile, copyTools } from './attack-natives.mjs'
import { openManager } from './process-start.mjs'
import { PATIENCE, SANDBOX } from './settings.mjs'
import { bounded } from './waiting.mjs'

const program = fileURLToPath(new URL('attacks-as-user.mjs', import.meta.url))
/** The user and group of the second run; the number needs no entry in the user database. */
const ORDINARY = 54_321
/** Bun's compiler threads need ten seconds to end. */
const ORIGIN_BOUND = 60_000 * PATIENCE
/** All attacks of one module, run by an ordinary user. */
const BATCH_BOUND = 170_000

/**
 * @typedef {object} Place what cases may refer to
 * @property {string} dir the project, which a tool may read
 * @property {string} outside a directory beside it, with `secret.txt` in it
 * @property {string} open a directory beside it for what is allowed, with `data.txt` in it
 * @property {'bun' | 'node'} runtime
 *
 * @typedef {object} Step one call
 * @property {string[]} [flags] in Bun's spelling
 * @property {string} tool
 * @property {object} [input]
 * @property {object} [config] more of the manager's configuration
 * @property {(side: { place: Place, heard: (wanted: (value: any) => boolean) => Promise<any> }) => Promise<any>} [meanwhile] done while the
 *   tool runs, which is cancelled after it; `heard` waits for a progress value. What it returns is `outcome.meanwhile`
 * @property {string} [neighbour] another tool of the same manager, called when the first one reports progress and again after that
 *   one was aborted; what both gave is `outcome.neighbours`
 * @property {(outcome: { value?: any, error?: any, observed?: any, meanwhile?: any, neighbours?: any[] }) => boolean} holds whether it went as it must
 *
 * @typedef {object} Attack
 * @property {string} name what is tried
 * @property {('bun' | 'node')[]} [runtimes] both unless given
 * @property {(place: Place) => Promise<any> | any} [prepare] before the calls; what it returns is `place.prepared`, its `close` is called after them
 * @property {(place: Place) => Step} attack
 * @property {(place: Place) => Step} twin
 * @property {(place: Place, outcome: any) => any} [observe] after each call, from outside: becomes `outcome.observed`
 */

/** A refusal by the sandbox, as raw system calls return it. */
export const refused = ({ value }) => ['EPERM', 'EACCES', 'ENOSYS'].includes(value)

/** The same permissions in Node's spelling. */
const inNodesWords = (flags) => [
  '--permission',
  ...flags.map((flag) =>
    flag
      .replace(/^--allow-(read|write)$/, '--allow-fs-$1=*')
      .replace(/^--allow-(read|write)=/, '--allow-fs-$1=')
      .replace(/^--allow-run$/, '--allow-child-process'),
  ),
]

/** @returns {Place} */
function makePlace(runtime) {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'warden-attack-')))
  chmodSync(top, 0o755)
  const place = { top, runtime, dir: join(top, 'project'), outside: join(top, 'outside'), open: join(top, 'open') }
  for (const dir of [place.dir, place.outside, place.open]) mkdirSync(dir)
  copyTools(place.dir)
  return place
}

/** Runs the `meanwhile` of a step while its tool runs, and returns the options of the call. */
function besides(meanwhile, place) {
  if (!meanwhile) return { options: {} }
  const cancel = new AbortController()
  const values = []
  let look = () => {}
  const heard = (wanted) =>
    bounded(
      new Promise((resolve) => {
        look = () => {
          const value = values.findLast(wanted)
          if (value !== undefined) resolve(value)
        }
        look()
      }),
      'the tool to say what was waited for',
    )
  const onProgress = (value) => {
    values.push(value)
    look()
  }
  const result = meanwhile({ place, heard }).catch((error) => ({ broken: String(error?.stack ?? error) }))
  result.then(() => cancel.abort())
  return { options: { signal: cancel.signal, onProgress }, result }
}

async function run(tools, place, step, observe) {
  const { flags = [], tool, input, config = {}, meanwhile } = step
  const permissions = place.runtime === 'bun' ? { bunPermissions: flags } : { nodeOptions: inNodesWords(flags) }
  const manager = openManager(place.dir, { sandbox: SANDBOX, minWorkers: 0, runtimeType: place.runtime, entrypointPath: tools, ...permissions, ...config })
  const side = besides(meanwhile, place)
  try {
    // There is an origin from then on.
    if (config.processStart === 'fork') await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    if (step.neighbour) return await withNeighbour(manager, step)
    const outcome = await bounded(
      manager.executeTool(tool, input, side.options).then(
        (value) => ({ value }),
        ({ code, message, hint, permission, resource, cause }) => ({ error: { code, message, hint, permission, resource, cause: cause?.message } }),
      ),
      `${tool} to end`,
    )
    if (meanwhile) outcome.meanwhile = await side.result
    if (observe) outcome.observed = await observe(place, outcome)
    return outcome
  } finally {
    await bounded(manager.close({ force: true }), 'a forced close')
  }
}

/** Calls a neighbour while the tool runs, and once more after the tool was ended. */
async function withNeighbour(manager, { tool, input, neighbour: called }) {
  const abort = new AbortController()
  const neighbours = []
  const neighbour = async (when) => neighbours.push(await bounded(manager.executeTool(called), `a neighbour's call ${when}`))
  let hostile
  const progress = new Promise((resolve, reject) => {
    hostile = manager.executeTool(tool, input, { signal: abort.signal, onProgress: resolve })
    hostile.then(() => reject(new Error(`${tool} ended by itself`)), reject)
  })
  await bounded(progress, `${tool} to report progress`)
  await neighbour('meanwhile')
  abort.abort()
  const { code } = await bounded(hostile.catch((error) => error), `${tool} to end`)
  await neighbour('afterwards')
  return { error: { code }, neighbours }
}

async function attempt(tools, attack, runtime) {
  const place = makePlace(runtime)
  writeFileSync(join(place.outside, 'secret.txt'), 'secret')
  writeFileSync(join(place.open, 'data.txt'), 'data')
  try {
    place.prepared = await attack.prepare?.(place)
    const outcomes = {}
    for (const part of ['twin', 'attack']) {
      const step = attack[part](place)
      const outcome = await run(tools, place, step, attack.observe)
      outcomes[part] = { good: step.holds(outcome), outcome }
    }
    return outcomes
  } finally {
    await place.prepared?.close?.()
    rmSync(place.top, { recursive: true, force: true })
  }
}

const key = (attack, runtime) => `${attack.name} [${runtime}]`
const pairs = (attacks) => attacks.flatMap((attack) => (attack.runtimes ?? ['bun', 'node']).map((runtime) => ({ attack, runtime })))

/**
 * Runs all attacks of a module as the user of this process. `atOnce`: side by side, because each of them waits long.
 * @param {{ tools: string, attacks: Attack[], atOnce?: boolean }} module
 */
export async function runAll({ tools, attacks, atOnce = false }) {
  const results = {}
  const one = async ({ attack, runtime }) => {
    results[key(attack, runtime)] = await attempt(tools, attack, runtime).catch((error) => ({ broken: String(error?.stack ?? error) }))
  }
  if (atOnce) await Promise.all(pairs(attacks).map(one))
  else for (const pair of pairs(attacks)) await one(pair)
  return results
}

/** Runs a module of attacks in a process of its own, as an ordinary user. */
function asOrdinaryUser(module) {
  const child = spawn('setpriv', [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, '--clear-groups', process.execPath, program, module], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: '/nonexistent', TMPDIR: tmpdir() },
  })
  const out = []
  const err = []
  child.stdout.setEncoding('utf8').on('data', (text) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text) => err.push(text))
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      const line = out.join('').split('\n').findLast((text) => text.startsWith('{'))
      if (line === undefined) reject(new Error(`the ordinary user's run ended with ${code}: ${out.join('')}${err.join('')}`))
      else resolve(JSON.parse(line))
    })
  })
  return bounded(ended, "the ordinary user's run to end", BATCH_BOUND).finally(() => child.kill('SIGKILL'))
}

function check(result) {
  assert.ok(result, 'it was not run')
  assert.equal(result.broken, undefined, result.broken)
  assert.ok(result.twin.good, `the twin does not work: ${JSON.stringify(result.twin.outcome)}`)
  assert.ok(result.attack.good, `it is not refused: ${JSON.stringify(result.attack.outcome)}`)
}

/**
 * Makes tests of a module of attacks, which exports `tools`, a file of fixtures/attacks, and `attacks`.
 * @param {string} url the module's own @param {{ tools: string, attacks: Attack[] }} module
 */
export function testAttacks(url, module) {
  const root = process.getuid() === 0
  for (const user of root ? ['root', 'an ordinary user'] : ['an ordinary user']) {
    describe(`${basename(fileURLToPath(url), '.mjs')}, as ${user}`, () => {
      let results = {}
      before(async () => {
        compile()
        results = root && user !== 'root' ? await asOrdinaryUser(fileURLToPath(url)) : await runAll(module)
      })
      after(() => {
        results = {}
      })
      for (const { attack, runtime } of pairs(module.attacks)) it(`${key(attack, runtime)}.`, () => check(results[key(attack, runtime)]))
    })
  }
}
