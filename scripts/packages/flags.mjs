/**
 * Permission flags as text: filling in places, translating to Node's flags, reading flags from hints, and comparing
 * which is wider.
 */

import { NODE_FLAGS } from '../../js/node-flags.js'

const OF_NODE = new Map([...NODE_FLAGS].map(([bun, node]) => [node, bun]))

/** @param {string} flag @returns {[string, string | undefined]} */
function parts(flag) {
  const at = flag.indexOf('=')
  return at === -1 ? [flag, undefined] : [flag.slice(0, at), flag.slice(at + 1)]
}

/** @param {readonly string[]} flags @param {Record<string, string | number>} places */
export function fill(flags, places) {
  return flags.map((flag) =>
    flag.replaceAll(/\{(\w+)\}/g, (whole, name) => {
      const place = places[name]
      if (place === undefined) throw new Error(`no place is known for ${whole} in ${flag}`)
      return String(place)
    }),
  )
}

/** @param {string} flag */
function inBunsWords(flag) {
  const [name, value] = parts(flag)
  return { name: OF_NODE.get(name) ?? name, value: value === '*' ? undefined : value }
}

/** Returns the flags that a hint names. @param {string | undefined} hint */
export function hinted(hint = '') {
  const found = []
  for (const [, quoted, plain] of hint.matchAll(/("--allow-(?:[^"\\]|\\.)*")|(--allow-[a-z-]+(?:=[^\s`"']+)?)/g)) {
    if (quoted !== undefined) found.push(/** @type {string} */ (JSON.parse(quoted)))
    else if (plain !== undefined) found.push(plain.replace(/[,.;:]+$/, ''))
  }
  return found
}

/** @param {string} name @param {string} one @param {string} listed */
function isWithin(name, one, listed) {
  if (name === '--allow-read' || name === '--allow-write') return one === listed || one.startsWith(`${listed.replace(/\/$/, '')}/`)
  // A listed host without a port allows every port of it.
  if (name === '--allow-net') return one === listed || one.startsWith(`${listed}:`)
  if (name === '--allow-run') return one === listed || (one.startsWith('/') && !listed.startsWith('/') && one.endsWith(`/${listed}`))
  return one === listed
}

/** The flags with one value each. @param {readonly string[]} flags */
export function entries(flags) {
  return flags.flatMap((flag) => {
    const [name, value] = parts(flag)
    return value === undefined ? [name] : values(value).map((one) => `${name}=${one}`)
  })
}

/** The values of a list. A comma inside a value is written twice. @param {string} value */
const values = (value) => value.split(/(?<!,),(?!,)/)

/** The name and the address of loopback mean the same. @param {string} name @param {string} value */
function normal(name, value) {
  return name === '--allow-net' ? value.replace(/^(localhost|\[::1\])(?=:|$)/, '127.0.0.1') : value
}

/**
 * Returns the flags that allow something that no flag of the list allows.
 * @param {readonly string[]} flags
 * @param {readonly string[]} list
 */
export function wider(flags, list) {
  const kept = list.map(inBunsWords)
  return flags.filter((flag) => {
    const { name, value } = inBunsWords(flag)
    const same = kept.filter((entry) => entry.name === name)
    if (same.some((entry) => entry.value === undefined)) return false
    if (value === undefined) return true
    const listed = same.flatMap((entry) => values(entry.value ?? '')).map((entry) => normal(name, entry))
    return !values(value).every((one) => listed.some((entry) => isWithin(name, normal(name, one), entry)))
  })
}
