/** Compares a package's job in a process that is forked with the same job in one that is started. */

import { attempt } from './attempt.mjs'
import { fill } from './flags.mjs'
import { namesOf, runtimeProgram } from './row.mjs'

/**
 * @typedef {object} Forked
 * @property {string} name
 * @property {string} title
 * @property {string} version
 * @property {import('./package.d.ts').RuntimeName} runtime
 * @property {string} started why its processes are not forked; '' where they are
 * @property {string} differs what a forked process did otherwise; '' for nothing
 */

/** @param {import('./attempt.mjs').Job} job @returns {Promise<Forked>} */
export async function forkedPackage(job) {
  const { wanted, runtime, place, input } = job
  const places = { runtime: runtimeProgram(runtime), ...input, ...place }
  const named = namesOf(places)
  const flags = fill(wanted.flags, places)
  const about = { name: wanted.name, title: wanted.title ?? wanted.name, version: wanted.version ?? '', runtime }
  const forked = await attempt(job, flags, { processStart: 'fork' })
  if (forked.end === 'started') return { ...about, started: named(reasonOf(forked.said)), differs: '' }
  const spawned = await attempt(job, flags)
  const same = forked.end === spawned.end && forked.code === spawned.code
  if (same && forked.end !== 'right') return { ...about, started: named(`its job fails in a started process as well: ${spawned.said}`), differs: '' }
  return { ...about, started: '', differs: named(difference(forked, spawned)) }
}

/** The message of ready() without its own beginning. @param {string} said */
const reasonOf = (said) => said.replace(/^processes cannot be forked, as `processStart` demands: /, '')

/** @param {import('./attempt.mjs').Outcome} forked @param {import('./attempt.mjs').Outcome} spawned */
function difference(forked, spawned) {
  if (forked.process !== 'fork') return `its process was made by ${forked.process}`
  if (forked.end === 'right' && spawned.end === 'right') return ''
  return `${forked.end}: ${forked.said}, and ${spawned.end} in a process that was started`
}
