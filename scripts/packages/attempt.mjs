/** Makes one call of a job with given flags. */

import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'

import { Manager } from '../../index.js'
import { hostNode } from '../run.mjs'
import { freshWork } from './place.mjs'

/**
 * @typedef {import('./package.d.ts').Package} Package
 * @typedef {import('./package.d.ts').RuntimeName} RuntimeName
 * @typedef {import('../../index.js').Denial} Denial
 * @typedef {{ pkg: string, data: string, out: string }} Place
 * @typedef {{ wanted: Package, place: Place, input: Record<string, string | number>, runtime: RuntimeName }} Job
 * @typedef {object} Outcome
 * @property {'right' | 'wrong' | 'failed' | 'refused' | 'started' | 'hung'} end refused: the constructor refuses the flags; started: processes were to be
 *   forked and cannot be
 * @property {string} said what came instead of the right result
 * @property {string} [code]
 * @property {string} [hint]
 * @property {Denial[]} denials
 * @property {number} ms
 * @property {string} [process] how the process of the call was made
 * @property {import('../../index.js').LearnedTool} [learned] what was learnt where that was asked for
 */

/** Inside an npm script the Node on PATH is not the user's Node. A Bun host has no Node of its own. */
const node = process.versions['bun'] === undefined ? { runtimePath: hostNode } : {}
const TIMEOUT = 40_000
/** A start may take 30 s, and a call its timeout. A call that takes longer than both together is taken to hang. */
const BOUND = 100_000

/** @param {unknown} value */
const brief = (value) => (JSON.stringify(value) ?? 'undefined').slice(0, 300)

/** @typedef {readonly string[] | 'off' | 'learn'} How flags, or without a sandbox, or learning which flags are needed */

/** @typedef {{ timeout?: number, processStart?: 'spawn' | 'fork' }} More timeout: in ms */

/** @param {Job} job @param {How} flags @param {Required<More>} more @returns {import('../../index.js').Config} */
function config({ runtime }, flags, { timeout, processStart }) {
  const common = /** @type {const} */ ({ entrypointPath: './tools.mjs', minWorkers: 0, toolExecutionTimeout: timeout, telemetry: {}, processStart })
  const which = runtime === 'node' ? /** @type {const} */ ({ runtimeType: 'node', ...node }) : /** @type {const} */ ({ runtimeType: 'bun' })
  if (flags === 'off') return { ...common, ...which, sandbox: 'off' }
  if (flags === 'learn') return { ...common, ...which, learn: true }
  return { ...common, ...which, ...(runtime === 'node' ? { nodeOptions: ['--permission', ...flags] } : { bunPermissions: [...flags] }) }
}

/** @param {unknown} thrown @returns {Pick<Outcome, 'said' | 'denials'> & { code?: string, hint?: string }} */
function described(thrown) {
  const error = /** @type {import('../../index.js').ToolExecutionError} */ (thrown)
  return {
    said: String(error.message).slice(0, 600),
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    denials: error.denials ?? [],
  }
}

/** @param {Job} job @param {How} flags @param {More} [more] @returns {Promise<Outcome>} */
export async function attempt(job, flags, { timeout = TIMEOUT, processStart = 'spawn' } = {}) {
  const { wanted, place, input } = job
  freshWork(wanted, place)
  const start = performance.now()
  /** @param {Omit<Outcome, 'ms'>} outcome @returns {Outcome} */
  const after = (outcome) => {
    const learned = manager?.learnedInDetail()['job']
    return { ...outcome, ms: Math.round(performance.now() - start), ...(made === undefined ? {} : { process: made }), ...(learned === undefined ? {} : { learned }) }
  }
  /** @type {Manager | undefined} */
  let manager
  /** @type {string | undefined} */
  let made
  try {
    manager = new Manager(place.pkg, config(job, flags, { timeout, processStart }))
  } catch (error) {
    return after({ end: 'refused', ...described(error) })
  }
  /** @type {Denial[]} */
  const denials = []
  manager.on('execution', (record) => {
    denials.push(...record.denials)
    made = record.processStart ?? undefined
  })
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  const bound = new Promise((resolve) => {
    timer = setTimeout(resolve, BOUND, 'hung')
  })
  try {
    if (processStart === 'fork') await manager.ready()
  } catch (error) {
    await manager.close({ force: true })
    return after({ end: 'started', ...described(error) })
  }
  try {
    const call = manager.executeTool('job', { ...input, data: place.data, out: place.out }).then((value) => ({ value }))
    const answer = await Promise.race([call, bound.then(() => ({ hung: true }))])
    if ('hung' in answer) return after({ end: 'hung', said: `no answer within ${BOUND / 1000} s`, denials })
    const right = isDeepStrictEqual(answer.value, wanted.gives)
    return after({ end: right ? 'right' : 'wrong', said: right ? '' : brief(answer.value), denials })
  } catch (error) {
    return after({ end: 'failed', ...described(error) })
  } finally {
    clearTimeout(timer)
    await manager.close({ force: true })
  }
}
