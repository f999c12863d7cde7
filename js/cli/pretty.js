/** Characters that indentation may make of a value. */
const MOST = 64 * 1024 * 1024
const QUOTE = '"'

/** How deep arrays and objects are nested in JSON. @param {string} json */
function depthOf(json) {
  let deepest = 0
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    else if (character === ']' || character === '}') depth--
    else if (character === QUOTE) {
      // To the end of the string.
      for (at++; json[at] !== QUOTE; at++) if (json[at] === '\\') at++
    }
  }
  return deepest
}

/**
 * JSON for a person. A value may be nested 1,000 deep, and indentation would make a gigabyte of a megabyte; such a value stays on one line.
 * @param {unknown} value
 * @returns {string | undefined} undefined where there is no JSON of it
 */
export function pretty(value) {
  const flat = JSON.stringify(value)
  if (flat === undefined || flat.length * 2 * depthOf(flat) > MOST) return flat
  return JSON.stringify(value, null, 2)
}
