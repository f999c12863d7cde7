/**
 * Gets from no permission to flags that work, only by hints and denials, like a person who copies the advice of each
 * error.
 */

import { attempt } from './attempt.mjs'
import { hinted, wider } from './flags.mjs'
import { MOST_STEPS } from './totals.mjs'

/**
 * @typedef {import('./attempt.mjs').Job} Job
 * @typedef {import('./attempt.mjs').Outcome} Outcome
 * @typedef {object} Step
 * @property {string[]} flags
 * @property {Outcome} outcome
 * @typedef {object} Climb
 * @property {'' | 'hang' | 'no advice' | 'advice refused' | 'advice repeated' | 'silently wrong' | 'too many steps' | 'too wide'} problem
 * @property {string[]} flags where it ended
 * @property {number} steps how often flags were added
 * @property {string[]} wide flags of the end that the list kept does not cover
 * @property {Step[]} trail
 */

/**
 * The flags that an outcome advises in addition to the given ones: the first flag of the hint, otherwise those that the
 * denials name.
 * @param {Outcome} outcome
 * @param {string[]} flags
 */
function advised(outcome, flags) {
  const fresh = (/** @type {string[]} */ found) => found.filter((flag) => flag !== '' && !flags.includes(flag))
  const all = [...hinted(outcome.hint), ...outcome.denials.map(({ flag }) => flag)].filter((flag) => flag !== '')
  const [first] = fresh(hinted(outcome.hint))
  const next = first === undefined ? [...new Set(fresh(outcome.denials.map(({ flag }) => flag)))] : [first]
  return { next, any: all.length > 0 }
}

/**
 * @param {Outcome} outcome
 * @param {boolean} any whether there was advice that was already followed
 * @returns {Climb['problem']}
 */
function without(outcome, any) {
  if (outcome.end === 'hung' || outcome.code === 'ERR_TOOL_TIMEOUT') return 'hang'
  if (any) return 'advice repeated'
  return outcome.end === 'wrong' ? 'silently wrong' : 'no advice'
}

/** @param {Job} job @param {readonly string[]} kept @returns {Promise<Climb>} */
export async function climb(job, kept) {
  /** @type {string[]} */
  const flags = []
  /** @type {Step[]} */
  const trail = []
  /** @param {Climb['problem']} problem @param {string[]} [wide] @returns {Climb} */
  const end = (problem, wide = []) => ({ problem, flags: [...flags], steps: trail.length - 1, wide, trail })
  for (;;) {
    const outcome = await attempt(job, flags)
    trail.push({ flags: [...flags], outcome })
    if (outcome.end === 'right') {
      const wide = wider(flags, kept)
      return end(wide.length > 0 ? 'too wide' : '', wide)
    }
    if (outcome.end === 'refused') return end('advice refused')
    const { next, any } = advised(outcome, flags)
    if (next.length === 0 || outcome.end === 'hung') return end(without(outcome, any))
    if (trail.length > MOST_STEPS) return end('too many steps')
    flags.push(...next)
  }
}
