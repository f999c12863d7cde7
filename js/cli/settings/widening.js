/**
 * Guards against a toolwarden.json that allows tools more than the defaults. Anybody can put such a file into a
 * project, so it counts only where the user agreed with `--trust`, and it is named on stderr each time.
 */

import { userValueText } from '../../user-value.js'
import { loadNative } from '../../native.js'
import { TRUST_SETTINGS } from '../hints.js'
import { UsageError } from '../usage-error.js'
import { isTrusted, trust } from './trusted.js'

/** The help text of `--trust`. */
export const TRUST_HELP = 'let toolwarden.json give more than the defaults; remembered until the file changes'

/** @typedef {{ field: string, given: string, instead: string }} Widening */

/** @param {Widening} widening */
const line = ({ field, given, instead }) => `${field}: ${given} (without the file: ${instead})`

/** @param {import('../../../index.d.ts').Config} settings @returns {Widening[]} */
const wideningsOf = (settings) => JSON.parse(loadNative().widenings(userValueText(settings)))

/** Whether the whole file may count: it allows no more than the defaults, or the user trusts it. @param {import('./file.js').SettingsFile} file @param {NodeJS.ProcessEnv} env */
export const isAgreedTo = ({ path, hash, settings }, env) => wideningsOf(settings).length === 0 || isTrusted(path, hash, env)

/**
 * Throws where the file allows more and the user has not agreed to that.
 * @param {import('./file.js').SettingsFile} file with the settings that have an effect
 * @param {{ trust: boolean, env: NodeJS.ProcessEnv, note: (line: string) => void }} user
 */
export function allowWidening({ path, hash, settings }, user) {
  const found = wideningsOf(settings)
  if (found.length === 0) return
  if (user.trust) {
    const problem = trust(path, hash, user.env)
    if (problem !== undefined) user.note(`that ${path} is trusted is not remembered: ${problem}`)
  } else if (!isTrusted(path, hash, user.env)) {
    throw new UsageError(
      [`${path} would give the tools more than the defaults do:`, ...found.map(line)].join('\n'),
      TRUST_SETTINGS,
    )
  }
  for (const widening of found) user.note(`trusted: ${path} sets ${line(widening)}`)
}
