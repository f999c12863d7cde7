/** What a person at a terminal is asked after a denial, and what the answer means. */

import { printable } from '../../printable.js'
import { deniedBy } from '../denied-flag.js'

/** A flag with a list. A bare one allows everything of its kind, `--allow-all` everything: these are for the command line. */
const NARROW = /^--allow-[a-z-]+=./

/** @param {string} flag */
export const isNarrow = (flag) => NARROW.test(flag)

/** The denial to ask about. @param {unknown} error */
export function denialToAskAbout(error) {
  const denial = deniedBy(error)
  return denial !== undefined && isNarrow(denial.flag) ? denial : undefined
}

/** @param {string} tool */
export const warning = (tool) => `if you allow it, ${printable(tool)} runs again from its beginning: what it did before the denial happens twice`

/**
 * The flag is shown because it is what is allowed: for a file that does not exist yet it names the directory.
 * @param {import('../../../index.d.ts').Denial} denial
 * @param {string} tool
 * @param {boolean} always whether that can be answered
 */
export function question({ permission, resource, flag }, tool, always) {
  const answers = `[y]es this time / ${always ? '[a]lways (writes toolwarden.json) / ' : ''}[N]o`
  return `allow ${permission} access to ${printable(resource)} for ${printable(tool)} (${printable(flag)})? ${answers} `
}

/** @typedef {'yes' | 'always' | 'no'} Answer */

/** @param {string | undefined} line what was typed @param {boolean} always @returns {Answer} */
export function answerOf(line, always) {
  const word = line?.trim().toLowerCase()
  if (word === 'y' || word === 'yes') return 'yes'
  return always && (word === 'a' || word === 'always') ? 'always' : 'no'
}
