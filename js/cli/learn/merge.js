/** What was learnt, merged into the settings of toolwarden.json. Nothing is taken away: another run may have needed it. */

import { fieldOf } from '../settings/extend.js'
import { isRecord } from '../../user-value.js'
import { keyOfList } from '../../tool-entry.js'

/** Node's list means reading unless something in it is about permissions. */
const NODE_MEANS = '--permission'

/**
 * The settings with the learnt flags; fields and entries keep their order.
 * @param {Record<string, any>} settings
 * @param {Record<string, import('../../../index.d.ts').LearnedTool>} lessons
 * @param {import('../../../index.d.ts').RuntimeType} runtime
 * @returns {Record<string, any>}
 */
export function withLessons(settings, lessons, runtime) {
  const field = fieldOf(runtime)
  /** @type {Record<string, any>} */
  const tools = { ...(isRecord(settings['tools']) ? settings['tools'] : {}) }
  for (const [id, { flags, beyond }] of Object.entries(lessons)) {
    const key = keyOfList(tools, id, runtime)
    if (key === undefined) {
      // Not an entry for several tools: what one of them needs is not for the others.
      tools[id] = { ...tools[id], [field]: runtime === 'node' ? [NODE_MEANS, ...flags] : flags }
    } else {
      const list = /** @type {string[]} */ (tools[key][field])
      const added = beyond.filter((flag) => !list.includes(flag))
      if (added.length > 0) tools[key] = { ...tools[key], [field]: [...list, ...added] }
    }
  }
  return { ...settings, tools }
}

/** @param {string} text */
const linesOf = (text) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
const signed = (/** @type {string} */ sign, /** @type {string[]} */ lines) => lines.map((line) => `${sign} ${line}`)

/**
 * The lines that differ, with up to two equal ones around them.
 * @param {string} before
 * @param {string} after
 * @returns {string[]} each with a sign before it
 */
export function difference(before, after) {
  const [old, now] = [linesOf(before), linesOf(after)]
  const shorter = Math.min(old.length, now.length)
  let start = 0
  while (start < shorter && old[start] === now[start]) start++
  let end = 0
  while (end < shorter - start && old[old.length - 1 - end] === now[now.length - 1 - end]) end++
  if (start === old.length && start === now.length) return []
  return [
    ...signed(' ', now.slice(Math.max(0, start - 2), start)),
    ...signed('-', old.slice(start, old.length - end)),
    ...signed('+', now.slice(start, now.length - end)),
    ...signed(' ', now.slice(now.length - end, now.length - end + 2)),
  ]
}
