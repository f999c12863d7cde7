/** Helpers for values of unknown origin. */
import { StringOf } from './primordials.mjs'

/** @param {any} value @returns {value is any} */
export const isObject = (value) => typeof value === 'object' && value !== null

/** @param {unknown} value */
export const asText = (value) => (typeof value === 'string' ? value : StringOf(value))
