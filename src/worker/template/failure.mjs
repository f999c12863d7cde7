/**
 * Encodes thrown values as JSON text. It never fails: getters that throw, proxies, cycles and endless chains of causes
 * are expected.
 *
 * An error is `{name, message, stack, code?, cause?, errors?, ...own properties that JSON can express}`. Any other
 * thrown value is `{message, thrown}`: its text, and the value itself where JSON can express it; an object also
 * contributes its own properties.
 */
import { ErrorOf, includes, isArray, join, jsonStringify, match, objectToString, ObjectKeys, push, slice, split, StringOf } from './primordials.mjs'

const MAX_TEXT = 1024 * 1024
const MAX_ERROR_DEPTH = 8
const MAX_LIST = 50
/** Set by the runtimes on system errors, not always as enumerable own properties. */
const SYSTEM_FIELDS = ['code', 'errno', 'syscall', 'path', 'dest', 'address', 'port', 'hostname']

/** @param {any} value @param {string} key */
function read(value, key) {
  try {
    return value[key]
  } catch {
    return undefined
  }
}

/** @param {unknown} value */
function isError(value) {
  try {
    return value instanceof ErrorOf || objectToString(value) === '[object Error]' || isBuildMessage(value)
  } catch {
    return false
  }
}

/** Bun's messages about modules that do not parse or resolve are not Error objects. @param {any} value */
const isBuildMessage = (value) =>
  typeof value === 'object' && value !== null && typeof read(value, 'message') === 'string' && typeof read(value, 'name') === 'string'

/** Frames between the worker and the tool: the worker's own, and those of the async context. @param {string} line */
const isOwnFrame = (line) =>
  includes(line, ' at ') &&
  (includes(line, '/.toolwarden/worker-') || includes(line, '/.toolwarden/bundle-') || includes(line, '(node:async_hooks') || includes(line, '(node:internal/async_local_storage/'))

/** Removes the worker's own frames from a stack. @param {string} stack */
export function cleanStack(stack) {
  const lines = split(stack, '\n')
  /** @type {string[]} */
  const kept = []
  for (let i = 0; i < lines.length; i++) {
    if (!isOwnFrame(lines[i])) push(kept, lines[i])
  }
  return join(kept, '\n')
}

/**
 * The JSON text of a value; undefined where JSON cannot express it or it is unreasonably large.
 * @param {unknown} value
 */
function jsonOf(value) {
  try {
    const text = jsonStringify(value)
    return typeof text === 'string' && text.length <= MAX_TEXT ? text : undefined
  } catch {
    return undefined
  }
}

/** @param {unknown} value */
function textOf(value) {
  try {
    return StringOf(value)
  } catch {
    return 'a value that has no text'
  }
}

/** @param {string} text */
const bounded = (text) => (text.length > MAX_TEXT ? `${slice(text, 0, MAX_TEXT)} [cut]` : text)

/** The location in Bun's message, as `file:line:column`. @param {any} error */
function positionOf(error) {
  const position = read(error, 'position')
  if (typeof position !== 'object' || position === null) return undefined
  const file = read(position, 'file')
  return typeof file === 'string' ? `${file}:${read(position, 'line')}:${read(position, 'column')}` : undefined
}

/** @param {unknown} thrown @param {number} [depth] @param {string} [place] where it came from, as `file:line:column`, if the error itself does not say so @returns {string} */
export function describe(thrown, depth = 0, place = undefined) {
  /** @type {string[]} */
  const fields = []
  /** @type {Record<string, true>} */
  const written = /** @type {any} */ ({ __proto__: null })
  let size = 0
  /** @param {string} key @param {string | undefined} text */
  const add = (key, text) => {
    if (text === undefined || written[key] || size + text.length > MAX_TEXT * 3) return
    written[key] = true
    size += text.length
    push(fields, `${jsonStringify(key)}:${text}`)
  }
  if (!isError(thrown)) {
    const message = read(thrown ?? '', 'message')
    add('message', jsonStringify(bounded(typeof message === 'string' ? message : textOf(thrown))))
    const code = thrown === null || thrown === undefined ? undefined : read(thrown, 'code')
    if (typeof code === 'string' || typeof code === 'number') add('code', jsonStringify(code))
    add('thrown', jsonOf(thrown))
    if (typeof thrown === 'object' && thrown !== null) addOwn(thrown, add)
    return `{${join(fields, ',')}}`
  }
  const error = /** @type {any} */ (thrown)
  const name = bounded(textOf(read(error, 'name') ?? 'Error'))
  const message = bounded(textOf(read(error, 'message') ?? ''))
  const position = positionOf(error) ?? place
  const stack = read(error, 'stack')
  add('name', jsonStringify(name))
  add('message', jsonStringify(message))
  add('stack', jsonStringify(bounded(stackText(typeof stack === 'string' ? stack : '', name, message, position))))
  if (depth < MAX_ERROR_DEPTH) {
    const cause = read(error, 'cause')
    if (cause !== undefined) add('cause', describe(cause, depth + 1))
    const errors = read(error, 'errors')
    if (isArray(errors)) {
      /** @type {string[]} */
      const described = []
      for (let i = 0; i < errors.length && i < MAX_LIST; i++) push(described, describe(read(errors, `${i}`), depth + 2))
      add('errors', `[${join(described, ',')}]`)
    }
  }
  written.cause = written.errors = true
  for (let i = 0; i < SYSTEM_FIELDS.length; i++) {
    const value = read(error, SYSTEM_FIELDS[i])
    if (typeof value === 'string' || typeof value === 'number') add(SYSTEM_FIELDS[i], jsonStringify(value))
  }
  if (read(error, 'position') !== undefined) add('position', jsonOf(read(error, 'position')))
  addOwn(error, add)
  return `{${join(fields, ',')}}`
}

/**
 * The value's own properties that JSON can express.
 * @param {object} value
 * @param {(key: string, text: string | undefined) => void} add
 */
function addOwn(value, add) {
  /** @type {string[]} */
  let keys = []
  try {
    keys = ObjectKeys(value)
  } catch {
    // A proxy that cannot be inspected has no properties to report.
  }
  for (let i = 0; i < keys.length && i < MAX_LIST; i++) add(keys[i], jsonOf(read(value, keys[i])))
}

/** @param {string} stack @param {string} name @param {string} message @param {string | undefined} position */
function stackText(stack, name, message, position) {
  const heading = message === '' ? name : `${name}: ${message}`
  // Bun's parse and resolve messages have no stack but contain the location. The other frames in the stack of a module
  // with a syntax error are the runtime's own.
  if (position !== undefined && !includes(stack, position)) return `${heading}\n    at ${position}`
  return stack === '' ? heading : cleanStack(fromEngineFrames(stack, heading) ?? stack)
}

/** A stack line in the format of Bun's engine: `function@file:line:column`. */
const ENGINE_FRAME = /^([^\s@]*)@(\[native code\]|(.*):\d+:\d+)$/

/**
 * Bun leaves the stacks of DOMExceptions in its engine's format. This converts them to the usual one, with the heading,
 * and without line numbers, which refer to the transpiled text; undefined where the stack has another format.
 * @param {string} stack
 * @param {string} heading
 */
function fromEngineFrames(stack, heading) {
  const lines = split(stack, '\n')
  let text = heading
  for (let i = 0; i < lines.length; i++) {
    const frame = match(ENGINE_FRAME, lines[i])
    if (frame === null) return undefined
    const place = frame[3] ?? 'native'
    text += frame[1] === '' ? `\n    at ${place}` : `\n    at ${frame[1]} (${place})`
  }
  return text
}
