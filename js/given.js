/**
 * Options as the user gave them, on their way to the core and back. JSON drops or changes undefined, NaN, Infinity,
 * bigint, functions, symbols and class instances, and the core could then not say what was wrong with them; so each
 * crosses as `{"$js": type, "text": what it looks like}`.
 */

const MARK = '$js'

/** @param {string} type @param {string} text */
const marked = (type, text) => ({ [MARK]: type, text })

/**
 * Something short that a person recognises the value by; never throws, whatever the value.
 * @param {unknown} value
 */
export function printable(value) {
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
 * The type of a value in the words of an error message.
 * @param {unknown} value
 */
export function typeName(value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
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
      return marked(typeof value, printable(value))
  }
  if (value === null) return null
  if (inside.includes(value)) return marked('object', 'a cyclic reference')
  const within = [...inside, value]
  if (Array.isArray(value)) return Array.from(value, (item) => encode(item, within))
  if (!isPlain(value) || Object.hasOwn(value, MARK)) return marked('object', printable(value))
  /** @type {Array<[string, unknown]>} */
  const fields = []
  for (const [name, field] of Object.entries(value)) {
    // A field set to undefined is a field not given, as TypeScript's optional properties mean it.
    if (field !== undefined) fields.push([name, encode(field, within)])
  }
  return Object.fromEntries(fields)
}

/** @param {unknown} value */
export const encodeGiven = (value) => encode(value, [])

/** @param {unknown} value @returns {string} */
export const givenText = (value) => JSON.stringify(encodeGiven(value))

/**
 * What the core answered; of the marked values it only sends numbers.
 * @param {string} text
 */
export function parseGiven(text) {
  return JSON.parse(text, (_name, value) =>
    typeof value === 'object' && value !== null && value[MARK] === 'number' ? Number(value.text) : value,
  )
}
