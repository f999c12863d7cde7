/** Which calls `learn` makes. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { A_CALL_A_LINE, A_CALL_OR_A_TOOL, ONE_CALL_IN_FILE, WHICH_TOOLS } from '../hints.js'
import { jsonArgument, parseJson } from '../json-argument.js'
import { UsageError } from '../usage-error.js'
import { isRecord } from '../../user-value.js'

/** @typedef {{ tool: string, input: any, config?: any, env?: Record<string, string> }} Call */

const FIELDS = new Set(['tool', 'input', 'config', 'env'])

/**
 * A line of the file: one call.
 * @param {string} text
 * @param {string} where
 * @param {string | undefined} tool the one of the command line
 * @returns {Call}
 */
function callOf(text, where, tool) {
  const given = parseJson(text, where)
  if (!isRecord(given)) throw new UsageError(`${where} is not an object`, A_CALL_A_LINE)
  const unknown = Object.keys(given).find((name) => !FIELDS.has(name))
  if (unknown !== undefined) throw new UsageError(`${where} has an unknown field "${unknown}"`, A_CALL_A_LINE)
  const { tool: named = tool, ...rest } = /** @type {any} */ (given)
  if (typeof named !== 'string') throw new UsageError(`${where} names no tool`, A_CALL_OR_A_TOOL)
  return { input: undefined, ...rest, tool: named }
}

/**
 * @param {string | undefined} tool
 * @param {{ input?: string, inputs?: string }} options
 * @param {import('../context.d.ts').Context} context
 * @returns {Promise<Call[]>}
 */
export async function readCalls(tool, { input, inputs }, context) {
  if (input !== undefined && inputs !== undefined) throw new UsageError('--input and --inputs are both given', ONE_CALL_IN_FILE)
  if (inputs === undefined) {
    if (tool === undefined) {
      // Nobody wants every tool to run because nothing was said.
      throw new UsageError('nothing says which tools to run', WHICH_TOOLS)
    }
    return [{ tool, input: input === undefined ? undefined : await jsonArgument(input, '--input', context) }]
  }
  let text
  try {
    text = await readFile(path.resolve(context.cwd, inputs), 'utf8')
  } catch (error) {
    throw new UsageError(`--inputs: ${inputs} cannot be read: ${/** @type {NodeJS.ErrnoException} */ (error).code}`)
  }
  const lines = text.split('\n').map((line, index) => ({ line, where: `${inputs}:${index + 1}` }))
  const calls = lines.filter(({ line }) => line.trim() !== '').map(({ line, where }) => callOf(line, where, tool))
  if (calls.length === 0) throw new UsageError(`--inputs: ${inputs} has no calls`, A_CALL_A_LINE)
  return calls
}
