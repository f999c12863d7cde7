/**
 * Learns which flags one package needs, and tries them: the same run must work with them, and with any one of them left out it
 * must not.
 */

import { nodeFlagForAnyProgram } from '../../js/node-flags.js'
import { attempt } from '../packages/attempt.mjs'
import { entries, fill } from '../packages/flags.mjs'
import { namesOf, runtimeProgram } from '../packages/row.mjs'

/** Without a flag some jobs wait for what never comes. A run that only takes longer must not be taken for one that fails. */
const LEAST_TIMEOUT = 15_000
const TIMES_LONGER = 5

/**
 * @typedef {object} Lesson
 * @property {string} name
 * @property {string} title
 * @property {string} version
 * @property {string} runtime
 * @property {string[]} hand the flags that a person wrote, one value each
 * @property {string[]} learned one value each, places replaced by their names
 * @property {string[]} notices
 * @property {string} problem why it could not be learnt; '' where it could
 * @property {string} enforced what came of the run with the flags; '' if the right result
 * @property {string[]} idle the flags without which the run works too
 */

/** @param {import('../packages/attempt.mjs').Job} job @returns {Promise<Lesson>} */
export async function learnPackage(job) {
  const { wanted, runtime, place, input } = job
  const places = { runtime: runtimeProgram(runtime), ...input, ...place }
  const named = namesOf(places)
  const about = { name: wanted.name, title: wanted.title ?? wanted.name, version: wanted.version ?? '', runtime }
  const byHand = fill(wanted.flags, places)
  const hand = entries(runtime === 'node' ? byHand.map(nodeFlagForAnyProgram) : byHand).map(named)
  const learning = await attempt(job, 'learn')
  const flags = entries(learning.learned?.flags ?? [])
  const lesson = { ...about, hand, learned: flags.map(named), notices: (learning.learned?.notices ?? []).map(named) }
  if (learning.end !== 'right') return { ...lesson, problem: named(learning.said), enforced: '', idle: [] }
  const all = await attempt(job, flags)
  const timeout = Math.max(LEAST_TIMEOUT, TIMES_LONGER * all.ms)
  const enforced = all.end === 'right' ? '' : named(`${all.said} ${all.hint ?? ''}`)
  const idle = []
  for (const flag of enforced === '' ? flags : []) {
    const less = await attempt(job, flags.filter((other) => other !== flag), { timeout })
    if (less.end === 'right') idle.push(named(flag))
  }
  return { ...lesson, problem: '', enforced, idle }
}
