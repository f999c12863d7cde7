/** The arguments of one call, checked for what must hold before they can cross to the core, and written as text. */

import { ArgumentProblem } from './errors.js'
import { encodeGiven, givenText, printable, typeName } from './given.js'
import { nearest } from './nearest.js'

const OPTIONS = ['toolExecId', 'config', 'env', 'timeout', 'signal', 'retry', 'onLog', 'onProgress']

/** What the core is asked to send while the call runs. */
export const WANTS_LOGS = 1
export const WANTS_PROGRESS = 2

/**
 * @typedef {object} CallOptions
 * @property {string | undefined} toolExecId
 * @property {string | null} config
 * @property {string | null} env
 * @property {string | null} timeout
 * @property {string | null} retry
 * @property {number} flags
 * @property {AbortSignal | undefined} signal
 * @property {((entry: import('../index.d.ts').LogEntry) => void) | undefined} onLog
 * @property {((value: import('../index.d.ts').Json) => void) | undefined} onProgress
 */

/** @type {Readonly<CallOptions>} shared by all calls without options, so that they cost nothing */
const NONE = Object.freeze({
  toolExecId: undefined,
  config: null,
  env: null,
  timeout: null,
  retry: null,
  flags: 0,
  signal: undefined,
  onLog: undefined,
  onProgress: undefined,
})

/** @param {string} field @param {string} wanted @param {unknown} value */
function wrongType(field, wanted, value) {
  return new ArgumentProblem('ERR_INPUT_INVALID', field, `${field} must be ${wanted}, got ${typeName(value)}`)
}

/** @param {unknown} toolId @returns {string} */
export function checkToolId(toolId) {
  if (typeof toolId === 'string') return toolId
  throw new ArgumentProblem('ERR_TOOL_ID_INVALID', 'toolId', `tool id must be a string, got ${typeName(toolId)}`)
}

/**
 * The JSON text of a value that is passed to the tool; null stands for "not given".
 * @param {'input' | 'config'} field
 * @param {unknown} value
 */
export function payloadText(field, value) {
  if (value === undefined) return null
  let text
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    // JSON.stringify's own words (BigInt, a cycle with its path, a throwing toJSON); only their first line is a sentence.
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : printable(cause)
    throw new ArgumentProblem('ERR_INPUT_INVALID', field, `${field} cannot be written as JSON: ${reason}`, { cause })
  }
  if (text !== undefined) return text
  throw new ArgumentProblem(
    'ERR_INPUT_INVALID',
    field,
    `${field} cannot be written as JSON: got ${typeName(value) === 'object' ? 'an object whose toJSON() gives nothing' : typeName(value)}`,
  )
}

/** @param {unknown} env */
function envText(env) {
  if (typeof env !== 'object' || env === null || Array.isArray(env)) {
    throw new ArgumentProblem('ERR_ENV_INVALID', 'env', `env must be an object of strings, got ${typeName(env)}`)
  }
  return JSON.stringify(Object.entries(env).map(([name, value]) => [name, encodeGiven(value)]))
}

/**
 * An AbortSignal, also one of another realm or a polyfill.
 * @param {unknown} value
 * @returns {value is AbortSignal}
 */
function isAbortSignal(value) {
  const signal = Object(value)
  return (
    typeof signal.aborted === 'boolean' &&
    typeof signal.addEventListener === 'function' &&
    typeof signal.removeEventListener === 'function'
  )
}

/** @param {string} field @param {unknown} value @returns {any} */
function callback(field, value) {
  if (value === undefined || typeof value === 'function') return value
  throw wrongType(field, 'a function', value)
}

/** @param {string} name */
function unknownOption(name) {
  const meant = nearest(name, OPTIONS)
  return new ArgumentProblem(
    'ERR_INPUT_INVALID',
    name,
    `unknown option "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    { hint: `The options of a call are ${OPTIONS.join(', ')}.` },
  )
}

/**
 * @param {unknown} given
 * @returns {Readonly<CallOptions>}
 */
export function readOptions(given) {
  if (given === undefined) return NONE
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrongType('options', 'an object', given)
  }
  for (const name of Object.keys(given)) if (!OPTIONS.includes(name)) throw unknownOption(name)

  const { toolExecId, config, env, timeout, signal, retry, onLog, onProgress } = /** @type {Record<string, unknown>} */ (
    given
  )
  if (toolExecId !== undefined && typeof toolExecId !== 'string') throw wrongType('toolExecId', 'a string', toolExecId)
  if (signal !== undefined && !isAbortSignal(signal)) throw wrongType('signal', 'an AbortSignal', signal)
  return {
    toolExecId,
    config: payloadText('config', config),
    env: env === undefined ? null : envText(env),
    timeout: timeout === undefined ? null : givenText(timeout),
    retry: retry === undefined ? null : givenText(retry),
    flags: (onLog === undefined ? 0 : WANTS_LOGS) | (onProgress === undefined ? 0 : WANTS_PROGRESS),
    signal,
    onLog: callback('onLog', onLog),
    onProgress: callback('onProgress', onProgress),
  }
}
