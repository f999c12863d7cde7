/** Tries one package on one runtime in all three ways. */

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { nodeFlagForAnyProgram } from '../../js/node-flags.js'
import { hostNode } from '../run.mjs'
import { attempt } from './attempt.mjs'
import { climb } from './climb.mjs'
import { fill } from './flags.mjs'

/**
 * @typedef {import('./attempt.mjs').Job} Job
 * @typedef {import('./attempt.mjs').Outcome} Outcome
 * @typedef {import('./package.d.ts').Row} Row
 */

/** The names of directories of this machine and ports of this run. @param {Record<string, string | number>} places */
export function namesOf(places) {
  const known = Object.entries(places).toSorted(([, one], [, other]) => String(other).length - String(one).length)
  return (/** @type {string} */ text) => {
    let named = text
    for (const [name, place] of known) {
      named = typeof place === 'number' ? named.replaceAll(new RegExp(`:${place}\\b`, 'g'), `:{${name}}`) : named.replaceAll(place, `{${name}}`)
    }
    return named
  }
}

/** The path that `process.execPath` is in a job. @param {import('./package.d.ts').RuntimeName} runtime */
export function runtimeProgram(runtime) {
  if (runtime === 'node') return hostNode
  return realpathSync(join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin/bun.exe'))
}

/** @param {Outcome} outcome @param {(text: string) => string} named */
function brief(outcome, named) {
  return {
    end: outcome.end,
    said: named(outcome.said),
    code: outcome.code ?? '',
    hint: named(outcome.hint ?? ''),
    denials: outcome.denials.map(({ permission, resource, flag }) => named(`${permission} ${resource} ${flag}`)),
    ms: outcome.ms,
  }
}

/** @param {Job} job @returns {Promise<Row>} */
export async function row(job) {
  const { wanted, runtime, place, input } = job
  const places = { runtime: runtimeProgram(runtime), ...input, ...place }
  const named = namesOf(places)
  const filled = fill(wanted.flags, places)
  const kept = runtime === 'node' ? filled.map(nodeFlagForAnyProgram) : filled
  const about = { name: wanted.name, title: wanted.title ?? wanted.name, version: wanted.version ?? '', runtime, kept: kept.map(named) }
  const off = brief(await attempt(job, 'off'), named)
  if (off.end !== 'right') return { ...about, off }
  const minimal = brief(await attempt(job, kept), named)
  const { problem, flags, steps, wide, trail } = await climb(job, kept)
  const told = trail.map((step) => ({ flags: step.flags.map(named), ...brief(step.outcome, named) }))
  return { ...about, off, minimal, climb: { problem, steps, flags: flags.map(named), wide: wide.map(named), trail: told } }
}
