/**
 * The nesting depth of JSON text. The host checks it too and trusts nobody; the check here reports the error where the
 * tool made the value.
 */
import { charCodeAt } from './primordials.mjs'

const QUOTE = 34
const BACKSLASH = 92

/** @param {string} text @param {number} limit */
export function isDeeper(text, limit) {
  // Each level takes at least two characters, so most texts need no check.
  if (text.length <= 2 * limit) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = charCodeAt(text, i)
    if (code === QUOTE) {
      for (i++; i < text.length && charCodeAt(text, i) !== QUOTE; i++) if (charCodeAt(text, i) === BACKSLASH) i++
    } else if ((code | 32) === 123) {
      if (++depth > limit) return true
    } else if ((code | 32) === 125) depth--
  }
  return false
}
