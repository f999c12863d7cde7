/** Writes what was learnt into toolwarden.json beside the entrypoint. */

import path from 'node:path'
import { printable } from '../../printable.js'
import { findEntrypoint } from '../entrypoint.js'
import { TRUST_FILE } from '../hints.js'
import { readSettings } from '../settings/file.js'
import { saveSettings, settingsTexts } from '../settings/save.js'
import { SETTINGS_FILE } from '../settings/name.js'
import { isAgreedTo } from '../settings/widening.js'
import { UsageError } from '../usage-error.js'
import { difference, withLessons } from './merge.js'

/** @type {Record<string, import('../terminal.js').Style>} */
const STYLES = { '+': 'green', '-': 'red' }

/**
 * Shows what changes before it is written.
 * @param {string} entrypoint as on the command line
 * @param {Record<string, import('../../../index.d.ts').LearnedTool>} lessons
 * @param {import('../../../index.d.ts').RuntimeType} runtime
 * @param {import('../context.d.ts').Context} context
 */
export function writeLessons(entrypoint, lessons, runtime, { cwd, env, terminal }) {
  const file = path.join(path.dirname(findEntrypoint(entrypoint, cwd)), SETTINGS_FILE)
  const read = readSettings(file)
  if (read !== undefined && !isAgreedTo(read, env)) {
    // Afterwards the file is trusted as a whole.
    throw new UsageError(`${file} was not written: it gives the tools more than the defaults do, and is not trusted`, TRUST_FILE)
  }
  const { before, after } = settingsTexts(file, withLessons(read?.settings ?? {}, lessons, runtime), read !== undefined)
  const lines = difference(before, after)
  if (lines.length === 0) return terminal.note(`${file} has all of it already`)
  terminal.note(terminal.errStyle(file, 'bold'))
  for (const line of lines) {
    const style = STYLES[line[0] ?? '']
    terminal.note(style === undefined ? printable(line) : terminal.errStyle(printable(line), style))
  }
  const problem = saveSettings(file, after, read !== undefined, env)
  terminal.note(problem === undefined ? `wrote ${file}` : `wrote ${file}; that it is trusted is not remembered: ${problem}`)
}
