/**
 * Calls on their way to the core. All text of a batch crosses as one string and everything else as one array, because a
 * crossing costs about the same whatever it carries, and most of that is the conversion of single values.
 * The decisions behind it: docs/decisions.md#calls.
 */

import { ArgumentProblem } from './errors.js'
import { INPUT_TOO_LONG } from './hints.js'
import { CALL_FIELD, CALL_FIELDS, NO_TEXT } from './native-protocol.js'

/** Calls that cross at once, at most. */
const MOST_CALLS = 16
/** When this many UTF-16 units are gathered, the batch crosses without waiting for more. */
const MUCH_TEXT = 1024 * 1024
/** Below V8's longest string, so that the texts of a large call fit one string together with those of other calls. */
const MOST_TEXT = 2 ** 29 - 2 ** 21

/**
 * @typedef {object} Texts
 * @property {string | null} config
 * @property {string | null} env
 * @property {string | null} timeout
 * @property {string | null} retry
 * @property {string | null} idempotencyKey
 * @property {string | null} permissions
 * @property {number} attempt 0 where it is not given
 */

export class CallBatch {
  #text = ''
  #head = new Uint32Array(CALL_FIELDS * MOST_CALLS)
  #count = 0

  /** Whether the batch must cross before another call is added. */
  get full() {
    return this.#count === MOST_CALLS || this.#text.length > MUCH_TEXT
  }

  /**
   * Each id is followed by a line feed, so that unpaired surrogates in two ids never form one character; all other
   * texts are JSON, which contains no unpaired surrogates.
   * @param {number} number
   * @param {number} flags
   * @param {string} toolId
   * @param {string} toolExecId
   * @param {string | null} input
   * @param {Texts} more
   * @param {string | null} timeout
   */
  add(number, flags, toolId, toolExecId, input, { config, env, retry, attempt, idempotencyKey, permissions }, timeout) {
    const sizes = (input?.length ?? 0) + (config?.length ?? 0) + (env?.length ?? 0) + (retry?.length ?? 0) + (idempotencyKey?.length ?? 0) + (permissions?.length ?? 0)
    if (sizes > MOST_TEXT) throw tooLong(sizes)
    let text = `${toolId}\n${toolExecId}\n`
    if (input !== null) text += input
    if (config !== null) text += config
    if (env !== null) text += env
    if (timeout !== null) text += timeout
    if (retry !== null) text += retry
    if (idempotencyKey !== null) text += idempotencyKey
    if (permissions !== null) text += permissions
    const at = this.#count * CALL_FIELDS
    const head = this.#head
    head[at + CALL_FIELD.number] = number
    head[at + CALL_FIELD.flags] = flags
    head[at + CALL_FIELD.attempt] = attempt
    head[at + CALL_FIELD.toolId] = toolId.length
    head[at + CALL_FIELD.toolExecId] = toolExecId.length
    head[at + CALL_FIELD.input] = input === null ? NO_TEXT : input.length
    head[at + CALL_FIELD.config] = config === null ? NO_TEXT : config.length
    head[at + CALL_FIELD.env] = env === null ? NO_TEXT : env.length
    head[at + CALL_FIELD.timeout] = timeout === null ? NO_TEXT : timeout.length
    head[at + CALL_FIELD.retry] = retry === null ? NO_TEXT : retry.length
    head[at + CALL_FIELD.idempotencyKey] = idempotencyKey === null ? NO_TEXT : idempotencyKey.length
    head[at + CALL_FIELD.permissions] = permissions === null ? NO_TEXT : permissions.length
    this.#text = this.#count === 0 ? text : this.#text + text
    this.#count++
  }

  /**
   * Passes the batch to the core; returns the rejected calls with their errors.
   * @param {import('./native-interface.d.ts').NativeManager} native
   * @returns {Array<[number, import('./native-interface.d.ts').ErrorData]>}
   */
  send(native) {
    if (this.#count === 0) return NOTHING
    const text = this.#text
    const count = this.#count
    this.#text = ''
    this.#count = 0
    const refused = native.submit(text, this.#head, count)
    return refused === null ? NOTHING : JSON.parse(refused)
  }
}

/** @type {Array<never>} */
const NOTHING = []

/** @param {number} length */
const tooLong = (length) =>
  new ArgumentProblem('ERR_INPUT_INVALID', 'input', `the call is too long: ${length} characters of JSON`, {
    hint: INPUT_TOO_LONG,
  })
