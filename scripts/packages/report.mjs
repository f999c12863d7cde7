/**
 * Reports the packages that failed, grouped by the kind of failure: the outcome of the last step, and the flags that
 * would have been right.
 */

import { sentence } from './totals.mjs'

/** @typedef {import('./package.d.ts').Row} Row */

/** @param {Row} row */
function kind(row) {
  if (row.off.end !== 'right') return 'does not work without a sandbox'
  const kinds = []
  if (row.minimal?.end !== 'right') kinds.push('fails with the flags kept')
  if (row.climb !== undefined && row.climb.problem !== '') kinds.push(row.climb.problem)
  return kinds.join(', ')
}

/** @param {Row['off'] | undefined} brief @param {string} indent */
function told(brief, indent) {
  if (brief === undefined) return ''
  const lines = [`${brief.end} ${brief.code} ${brief.said.split('\n', 2).join(' / ').slice(0, 300)}`]
  if (brief.hint !== '') lines.push(`hint: ${brief.hint.slice(0, 300)}`)
  if (brief.denials.length > 0) lines.push(`denials: ${brief.denials.slice(0, 8).join('; ').slice(0, 500)}`)
  return lines.map((text) => `${indent}${text}\n`).join('')
}

/** @param {Row} row */
function entry(row) {
  let text = `- ${row.title} ${row.version} on ${row.runtime}\n`
  if (row.off.end !== 'right') return text + told(row.off, '  ')
  text += `  right: ${row.kept.join(' ') || 'no flag'}\n`
  if (row.minimal?.end !== 'right') text += `  with these:\n${told(row.minimal, '    ')}`
  if (row.climb !== undefined && row.climb.problem !== '') {
    const last = row.climb.trail.at(-1)
    if (row.climb.wide.length > 0) text += `  too wide: ${row.climb.wide.join(' ')}\n`
    for (const step of row.climb.problem === 'too wide' ? row.climb.trail : row.climb.trail.slice(-1)) {
      text += `  at ${step.flags.join(' ') || 'no flag'}:\n${told(step, '    ')}`
    }
    if (last === undefined) text += '  no step\n'
  }
  return text
}

/** @param {Row[]} rows */
export function report(rows) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map()
  for (const row of rows) if (kind(row) !== '') groups.set(kind(row), [...(groups.get(kind(row)) ?? []), row])
  const parts = [...groups].toSorted(([, one], [, other]) => other.length - one.length)
  return `${sentence(rows)}\n${parts.map(([name, members]) => `\n## ${name} (${members.length})\n\n${members.map(entry).join('')}`).join('')}`
}
