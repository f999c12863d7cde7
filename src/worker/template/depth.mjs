/** How deep JSON text is nested. The host looks too and believes nobody; here a tool is told where it made the value. */
import { charCodeAt } from './primordials.mjs'

const QUOTE = 34
const BACKSLASH = 92

/** @param {string} text @param {number} limit */
export function isDeeper(text, limit) {
  // Each level is two characters at least, so that most texts are not looked at.
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
