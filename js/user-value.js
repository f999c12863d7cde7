/**
 * Encodes options as the user passed them, for their way to the core and back. JSON drops or changes undefined, NaN,
 * Infinity, bigint, functions, symbols and class instances, so the core could not report what was wrong with them; each
 * of these crosses as `{"$js": type, "text": printed form}`.
 */

const MARK = '$js'
/** Longest excerpt of a value in a message, in characters. */
const SHOWN = 60

/** @param {string} type @param {string} text */
const marked = (type, text) => ({ [MARK]: type, text })

/** A short text by which a person recognises the value; never throws, whatever the value is. @param {unknown} value */
export function recognisable(value) {
  if (typeof value === 'function') return value.name === '' ? 'a function' : `function ${value.name}`
  if (typeof value === 'object' && value !== null) {
    try {
      const name = Object.getPrototypeOf(value)?.constructor?.name
      return typeof name === 'string' && name !== '' ? name : 'an object'
    } catch {
      return 'an object'
    }
  }
  return String(value)
}

/**
 * A value and its type in the wording of the core's error messages: `5 (number)`, `"x" (string)`,
 * `Map (object)`. An object's content is not shown, because options may contain secrets.
 * @param {unknown} value
 */
export function described(value) {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN + 1)) : recognisable(value)
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text
  return `${shown} (${typeof value})`
}

/**
 * Whether an object consists of its own entries only: a Map or Headers stores its content elsewhere, and a class
 * instance without fields has no content. `process.env` is such an object, although it is not a plain one.
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isRecord(value) {
  if (typeof value !== 'object' || value === null || Symbol.iterator in value) return false
  return isPlain(value) || Object.keys(value).length > 0
}

/** @param {object} value */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value)
  // The second condition is for objects of another realm: their Object.prototype is not ours, but also ends the chain.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * @param {unknown} value
 * @param {object[]} inside the objects around this one
 * @returns {unknown} a value that JSON carries unchanged
 */
function encode(value, inside) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : marked('number', String(value))
    case 'object':
      break
    default:
      return marked(typeof value, recognisable(value))
  }
  if (value === null) return null
  if (inside.includes(value)) return marked('object', 'a cyclic reference')
  const within = [...inside, value]
  if (Array.isArray(value)) return Array.from(value, (item) => encode(item, within))
  if (!isPlain(value) || Object.hasOwn(value, MARK)) return marked('object', recognisable(value))
  /** @type {Array<[string, unknown]>} */
  const fields = []
  for (const [name, field] of Object.entries(value)) {
    // A field set to undefined counts as not given, like an optional property in TypeScript.
    if (field !== undefined) fields.push([name, encode(field, within)])
  }
  return Object.fromEntries(fields)
}

/** @param {unknown} value */
export const encodeUserValue = (value) => encode(value, [])

/** @param {unknown} value @returns {string} */
export const userValueText = (value) => JSON.stringify(encodeUserValue(value))

/** Parses the core's answer; of the encoded values it only sends numbers. @param {string} text */
export function parseUserValue(text) {
  return JSON.parse(text, (_name, value) =>
    typeof value === 'object' && value !== null && value[MARK] === 'number' ? Number(value.text) : value,
  )
}
