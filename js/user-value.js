/**
 * Options as the user gave them, on their way to the core and back. JSON drops or changes undefined, NaN, Infinity,
 * bigint, functions, symbols and class instances, and the core could then not say what was wrong with them; so each
 * crosses as `{"$js": type, "text": what it looks like}`.
 */

const MARK = '$js'
/** Longest excerpt of a value in a message, in characters. */
const SHOWN = 60

/** @param {string} type @param {string} text */
const marked = (type, text) => ({ [MARK]: type, text })

/**
 * Something short that a person recognises the value by; never throws, whatever the value.
 * @param {unknown} value
 */
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
 * A value and its type in the words of an error message, as the core has them: `5 (number)`, `"x" (string)`,
 * `Map (object)`. What an object holds is not shown: options may hold secrets.
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
 * Whether an object's own entries are all there is to it: a Map or Headers keeps what it holds elsewhere, and a class
 * instance without fields has nothing to say. `process.env` is such an object, though not a plain one.
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
  // The second line holds for objects of another realm: their Object.prototype is not ours, but also ends the chain.
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
    // A field set to undefined is a field not given, as TypeScript's optional properties mean it.
    if (field !== undefined) fields.push([name, encode(field, within)])
  }
  return Object.fromEntries(fields)
}

/** @param {unknown} value */
export const encodeUserValue = (value) => encode(value, [])

/** @param {unknown} value @returns {string} */
export const userValueText = (value) => JSON.stringify(encodeUserValue(value))

/**
 * What the core answered; of the marked values it only sends numbers.
 * @param {string} text
 */
export function parseUserValue(text) {
  return JSON.parse(text, (_name, value) =>
    typeof value === 'object' && value !== null && value[MARK] === 'number' ? Number(value.text) : value,
  )
}
