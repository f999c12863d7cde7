/** Properties of single JSON values that JSON Schema needs. */
import { BigIntOf, charCodeAt, hasOwn, indexOf, isArray, isFinite, isInteger, jsonStringify, ObjectKeys, slice, sort, StringOf } from './primordials.mjs'
import { isObject } from './values.mjs'

/** `nothing` for undefined, which is the input of a call without one. @param {unknown} value */
export const jsonType = (value) => (value === null ? 'null' : isArray(value) ? 'array' : value === undefined ? 'nothing' : typeof value)

/** @param {unknown} value @param {unknown} type a name of JSON Schema */
export const isOfType = (value, type) => (type === 'integer' ? isInteger(value) : jsonType(value) === type)

/** Deep equality. @param {any} a @param {any} b @returns {boolean} */
export function sameJson(a, b) {
  if (a === b) return true
  if (!isObject(a) || !isObject(b) || isArray(a) !== isArray(b)) return false
  if (isArray(a)) {
    if (a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!sameJson(a[i], b[i])) return false
    return true
  }
  const keys = ObjectKeys(a)
  if (keys.length !== ObjectKeys(b).length) return false
  for (let i = 0; i < keys.length; i++) if (!hasOwn(b, keys[i]) || !sameJson(a[keys[i]], b[keys[i]])) return false
  return true
}

/** A text that is the same for equal values only. @param {any} value @returns {string} */
export function canonicalText(value) {
  if (!isObject(value)) return value === 0 ? '0' : StringOf(jsonStringify(value))
  let text = ''
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) text += `${canonicalText(value[i])},`
    return `[${text}]`
  }
  const keys = sort(ObjectKeys(value))
  for (let i = 0; i < keys.length; i++) text += `${jsonStringify(keys[i])}:${canonicalText(value[keys[i]])},`
  return `{${text}}`
}

/** The number of characters as people and JSON Schema count them: a surrogate pair is one. @param {string} text */
export function characters(text) {
  let count = text.length
  for (let i = 1; i < text.length; i++) {
    if ((charCodeAt(text, i) & 0xfc00) === 0xdc00 && (charCodeAt(text, i - 1) & 0xfc00) === 0xd800) count--
  }
  return count
}

/** Exact for decimals as they are written: 0.3 is a multiple of 0.1. @param {number} value @param {number} step */
export function isMultiple(value, step) {
  if (isInteger(value) && isInteger(step)) return value % step === 0
  if (!isFinite(value)) return false
  const a = decimal(value)
  const b = decimal(step)
  const low = a.exponent < b.exponent ? a.exponent : b.exponent
  return (a.digits * 10n ** BigIntOf(a.exponent - low)) % (b.digits * 10n ** BigIntOf(b.exponent - low)) === 0n
}

/** value = digits * 10^exponent @param {number} value */
function decimal(value) {
  const text = StringOf(value)
  const e = indexOf(text, 'e')
  const mantissa = e < 0 ? text : slice(text, 0, e)
  const point = indexOf(mantissa, '.')
  const fraction = point < 0 ? '' : slice(mantissa, point + 1)
  const digits = BigIntOf((point < 0 ? mantissa : slice(mantissa, 0, point)) + fraction)
  return { digits, exponent: (e < 0 ? 0 : +slice(text, e + 1)) - fraction.length }
}
