/**
 * Names for model APIs. They accept only ^[a-zA-Z0-9_-]{1,64}$, while a tool id may be longer and contain slashes and
 * dots. A name depends on the id alone, so that a conversation can continue in another process.
 */

import { createHash } from 'node:crypto'

const LONGEST = 64
const VALID = /^[a-zA-Z0-9_-]{1,64}$/
const HASH_LETTERS = 10

/** @param {string} id */
const escaped = (id) => id.replaceAll('/', '__').replaceAll('.', '_-')

/** @param {string} name */
const unescaped = (name) => name.replace(/_([_-])/g, (_, letter) => (letter === '_' ? '/' : '.'))

/**
 * The id itself where it is a valid name; `a/b` becomes `a__b` and `a.b` becomes `a_-b`. An id that is too long, or
 * whose name could stand for another id, gets a piece of its hash.
 * @param {string} id
 */
export function nameOf(id) {
  const name = escaped(id)
  if (VALID.test(name) && (name === id ? !name.includes('__') && !name.includes('_-') : unescaped(name) === id)) return name
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_LETTERS)
  return `${name.replace(/[^a-zA-Z0-9_-]/g, '-').slice(0, LONGEST - HASH_LETTERS - 1)}-${hash}`
}

/**
 * Tools by their names in the model API.
 * @template {{ id: string }} T
 * @param {readonly T[]} tools
 * @returns {Map<string, T>}
 */
export function byName(tools) {
  const named = new Map()
  for (const tool of tools) {
    const name = nameOf(tool.id)
    const other = named.get(name)
    if (other !== undefined) throw new Error(`the tools "${other.id}" and "${tool.id}" would both be named "${name}"`)
    named.set(name, tool)
  }
  return named
}
