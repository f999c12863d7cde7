/** JSON on the command line: as text, as @file, or as - for standard input. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { didYouMeanText } from './hints.js'
import { findJsonError, mend } from './json-problems.js'
import { UsageError } from './usage-error.js'

/** @param {NodeJS.ReadStream} stdin */
async function readAll(stdin) {
  /** @type {Buffer[]} */
  const chunks = []
  for await (const chunk of stdin) chunks.push(/** @type {Buffer} */ (chunk))
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * @param {string} text
 * @param {string} name how the text is called in an error
 * @param {string} [hint] what to say instead of a mended text
 */
export function parseJson(text, name, hint) {
  try {
    return JSON.parse(text)
  } catch {
    const found = findJsonError(text)
    const where = found === undefined ? '' : `: ${found.problem} at line ${found.line}, column ${found.column}`
    const mended = mend(text)
    const advice = hint ?? (mended === undefined ? undefined : didYouMeanText(mended))
    throw new UsageError(`${name} is not JSON${where}`, advice)
  }
}

/**
 * @param {string} given
 * @param {string} option "--input"
 * @param {{ cwd: string, stdin: NodeJS.ReadStream }} context
 */
export async function jsonArgument(given, option, { cwd, stdin }) {
  if (given === '-') return parseJson(await readAll(stdin), 'standard input')
  if (!given.startsWith('@')) return parseJson(given, option)
  const file = given.slice(1)
  let text
  try {
    text = await readFile(path.resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new UsageError(`${option}: ${file} cannot be read: ${/** @type {NodeJS.ErrnoException} */ (error).code}`)
  }
  return parseJson(text, file)
}
