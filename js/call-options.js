/** Validates the arguments of one call before they cross to the core, and encodes them as text. */

import { AWAITS } from './awaits.js'
import { ArgumentProblem } from './errors.js'
import { CLOSE_FORCE, ENV_OF_A_MAP, ENV_OF_NAMES, knownOptions } from './hints.js'
import { WANTS_LOGS, WANTS_PROGRESS } from './native-protocol.js'
import { described, encodeUserValue, userValueText, isRecord, recognisable } from './user-value.js'
import { nearest } from './nearest.js'
import { wellFormed } from './well-formed.js'

const OPTIONS = ['toolExecId', 'config', 'env', 'timeout', 'signal', 'retry', 'attempt', 'idempotencyKey', 'permissions', 'onLog', 'onProgress']
const CLOSE_OPTIONS = ['force', 'timeout']
/** The largest number that crosses as u32. */
const MOST_ATTEMPTS = 0xffffffff

/**
 * @typedef {object} CallOptions
 * @property {string | undefined} toolExecId
 * @property {string | null} config
 * @property {string | null} env
 * @property {string | null} timeout
 * @property {string | null} retry
 * @property {number} attempt 0 where it is not given
 * @property {string | null} idempotencyKey
 * @property {string | null} permissions JSON array of flags
 * @property {number} flags
 * @property {boolean} awaited its promise is awaited at once
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
  attempt: 0,
  idempotencyKey: null,
  permissions: null,
  flags: 0,
  awaited: false,
  signal: undefined,
  onLog: undefined,
  onProgress: undefined,
})

/** @param {string} field @param {string} wanted @param {unknown} value @param {{ hint?: string }} [more] */
function wrongType(field, wanted, value, more) {
  return new ArgumentProblem('ERR_INPUT_INVALID', field, `expected \`${field}\` to be ${wanted}, got ${described(value)}`, more)
}

/** @param {unknown} toolId @returns {string} */
export function checkToolId(toolId) {
  if (typeof toolId === 'string') return toolId
  throw new ArgumentProblem('ERR_TOOL_ID_INVALID', 'toolId', `expected \`toolId\` to be a string, got ${described(toolId)}`)
}

/**
 * The JSON text of a value for the tool; null means "not given".
 * @param {'input' | 'config'} field
 * @param {unknown} value
 */
export function payloadText(field, value) {
  if (value === undefined) return null
  let text
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    // The message of JSON.stringify (about a BigInt, a cycle with its path, a throwing toJSON); only its first line is
    // a sentence.
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : recognisable(cause)
    throw new ArgumentProblem('ERR_INPUT_INVALID', field, `${field} cannot be written as JSON: ${reason}`, { cause })
  }
  if (text !== undefined) return text
  throw new ArgumentProblem(
    'ERR_INPUT_INVALID',
    field,
    `${field} cannot be written as JSON: got ${typeof value === 'object' ? 'an object whose toJSON() gives nothing' : described(value)}`,
  )
}

/** @param {unknown} env */
function envText(env) {
  if (!isRecord(env)) {
    // The text may be a secret.
    const got = typeof env === 'string' ? 'a string' : described(env)
    throw new ArgumentProblem('ERR_ENV_INVALID', 'env', `expected \`env\` to be an object of strings, got ${got}`, {
      hint: env instanceof Map ? ENV_OF_A_MAP : ENV_OF_NAMES,
    })
  }
  return JSON.stringify(Object.entries(env).map(([name, value]) => [name, encodeUserValue(value)]))
}

/**
 * Whether the value is an AbortSignal, also one of another realm or a polyfill.
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

/**
 * @param {string} name @param {readonly string[]} known
 */
function unknownOption(name, known) {
  const meant = nearest(name, known)
  return new ArgumentProblem(
    'ERR_INPUT_INVALID',
    name,
    `unknown option "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    { hint: knownOptions(known) },
  )
}

/**
 * An object that has only these options.
 * @param {unknown} given
 * @param {readonly string[]} known
 * @returns {Record<string, unknown>}
 */
function checkOptions(given, known) {
  if (!isRecord(given)) throw wrongType('options', 'an object', given)
  for (const name of Object.keys(given)) if (!known.includes(name)) throw unknownOption(name, known)
  return given
}

/**
 * Whether close() is forced, and the UserValue text of how long it waits before it is; null: without limit.
 * @param {unknown} given
 * @returns {{ force: boolean, timeout: string | null }}
 */
export function readCloseOptions(given) {
  if (given === undefined) return { force: false, timeout: null }
  if (!isRecord(given)) {
    throw wrongType('options', 'an object', given, { hint: CLOSE_FORCE })
  }
  const { force = false, timeout } = checkOptions(given, CLOSE_OPTIONS)
  if (typeof force !== 'boolean') throw wrongType('force', 'a boolean', force)
  return { force, timeout: timeout === undefined ? null : userValueText(timeout) }
}

/** @param {unknown} attempt 0 stands for "not given" */
function checkAttempt(attempt) {
  if (attempt === undefined) return 0
  const number = /** @type {number} */ (attempt)
  if (Number.isInteger(number) && number >= 1 && number <= MOST_ATTEMPTS) return number
  throw wrongType('attempt', `an integer from 1 to ${MOST_ATTEMPTS}`, attempt)
}

/** @param {unknown} key */
function keyText(key) {
  if (key === undefined) return null
  if (typeof key === 'string' && key !== '') return JSON.stringify(key)
  throw wrongType('idempotencyKey', 'a non-empty string', key)
}

/** @param {unknown} flags */
function flagsText(flags) {
  if (flags === undefined) return null
  if (Array.isArray(flags) && flags.every((flag) => typeof flag === 'string')) return JSON.stringify(flags.map(wellFormed))
  throw wrongType('permissions', 'an array of strings', flags)
}

/**
 * @param {unknown} given
 * @returns {Readonly<CallOptions>}
 */
export function readOptions(given) {
  if (given === undefined) return NONE
  const { toolExecId, config, env, timeout, signal, retry, attempt, idempotencyKey, permissions, onLog, onProgress } = checkOptions(given, OPTIONS)
  if (toolExecId !== undefined && typeof toolExecId !== 'string') throw wrongType('toolExecId', 'a string', toolExecId)
  if (signal !== undefined && !isAbortSignal(signal)) throw wrongType('signal', 'an AbortSignal', signal)
  return {
    toolExecId,
    config: payloadText('config', config),
    env: env === undefined ? null : envText(env),
    timeout: timeout === undefined ? null : userValueText(timeout),
    retry: retry === undefined ? null : userValueText(retry),
    attempt: checkAttempt(attempt),
    idempotencyKey: keyText(idempotencyKey),
    permissions: flagsText(permissions),
    awaited: AWAITS in /** @type {object} */ (given),
    flags: (onLog === undefined ? 0 : WANTS_LOGS) | (onProgress === undefined ? 0 : WANTS_PROGRESS),
    signal,
    onLog: callback('onLog', onLog),
    onProgress: callback('onProgress', onProgress),
  }
}
