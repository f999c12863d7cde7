/** Runs a call and, where the sandbox denied something, asks the person at the terminal and runs it again. */

import path from 'node:path'
import { findEntrypoint } from '../entrypoint.js'
import { canExtend, extendSettings } from '../settings/extend.js'
import { SETTINGS_FILE } from '../settings/name.js'
import { listOfTool } from '../settings/list-of-tool.js'
import { withManager } from '../with-manager.js'
import { answerOf, denialToAskAbout, question, warning } from './question.js'
import { readLine } from './read-line.js'

/** @typedef {import('../../../index.d.ts').Manager} Manager */

/**
 * @template T
 * @param {import('../context.d.ts').Context} context
 * @param {import('../with-manager.js').Given} given
 * @param {string} tool
 * @param {(manager: Manager) => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function runAsking(context, given, tool, call) {
  const { terminal, stdin, interrupts, env } = context
  const file = path.join(path.dirname(findEntrypoint(given.entrypoint, context.cwd)), SETTINGS_FILE)
  const asked = new Set()
  /** @type {Manager['config'] | undefined} */
  let inForce
  /** Set when the answer was "always"; done once the flag has proved to be one. @type {(() => void) | undefined} */
  let write
  const attempt = (/** @type {import('../with-manager.js').Given} */ with_) =>
    withManager(context, with_, (manager) => {
      inForce = manager.config
      write?.()
      write = undefined
      return call(manager)
    })

  let next = given
  for (;;) {
    try {
      return await attempt(next)
    } catch (error) {
      const denial = denialToAskAbout(error)
      // A flag that was given and did not help is not asked about again.
      if (denial === undefined || inForce === undefined || asked.has(denial.flag)) throw error
      const { flag } = denial
      const { key, runtime, allowingToo } = listOfTool(inForce, tool)
      asked.add(flag)
      const always = canExtend(file, runtime, env, key)
      terminal.note(warning(tool))
      const line = await readLine(stdin, interrupts.signal, () => terminal.prompt(question(denial, tool, always)))
      // Ctrl-C and the end of the input leave the cursor behind the question.
      if (line === undefined) terminal.note('')
      const answer = answerOf(line, always)
      if (answer === 'no') throw error
      if (answer === 'always') {
        write = () => {
          const problem = extendSettings(file, flag, runtime, env, key)
          terminal.note(problem === undefined ? `wrote ${file}` : `wrote ${file}; that it is trusted is not remembered: ${problem}`)
        }
      }
      next = { ...given, overrides: allowingToo(flag) }
    }
  }
}
