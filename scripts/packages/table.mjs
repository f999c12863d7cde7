/** Formats the table for a terminal and as docs/packages.md. */

import { sentence } from './totals.mjs'

/** @typedef {import('./package.d.ts').Row} Row */

/** @param {string[]} flags */
const listed = (flags) => (flags.length === 0 ? 'none' : flags.join(' '))

/** @param {Row} row */
function note(row) {
  if (row.off.end !== 'right') return `without a sandbox: ${row.off.said}`
  if (row.climb === undefined || row.climb.problem === '') return row.minimal?.end === 'right' ? '' : `flags kept: ${row.minimal?.said ?? ''}`
  const wide = row.climb.wide.length > 0 ? `: ${listed(row.climb.wide)}` : ''
  return `${row.climb.problem}${wide}`
}

/** @param {Row} row */
export function cells(row) {
  const climbed = row.climb?.problem === ''
  return [
    row.title,
    row.version,
    row.runtime,
    row.off.end === 'right' ? 'yes' : 'no',
    row.minimal?.end === 'right' ? 'yes' : row.minimal === undefined ? '' : 'no',
    listed(row.kept),
    climbed ? String(row.climb?.steps) : row.climb === undefined ? '' : 'no',
    row.climb === undefined ? '' : listed(row.climb.flags),
    note(row),
  ]
}

/** A line for the terminal. @param {Row} row */
export function line(row) {
  const [title = '', version = '', runtime = '', off, minimal, , steps, flags, why = ''] = cells(row)
  const told = why === '' ? '' : `  [${why.split('\n', 1)[0]?.slice(0, 160)}]`
  return `${title.padEnd(28)} ${version.padEnd(10)} ${runtime.padEnd(5)} off ${off}  kept ${minimal}  steps ${steps}  ${flags}${told}\n`
}

/** @param {string} text */
const escaped = (text) => text.split('\n', 1)[0]?.slice(0, 200).replaceAll('|', '\\|').replaceAll('<', '&lt;') ?? ''

/** @param {Row[]} rows @param {string} when */
export function page(rows, when) {
  const head = ['package', 'version', 'runtime', 'off', 'kept', 'flags kept', 'steps', 'ended with', 'note']
  const body = rows.map((row) => `| ${cells(row).map(escaped).join(' | ')} |`)
  return `# Packages

Packages that people use in tools, each doing a real job whose result is checked, on each runtime where it runs at all. Made by
\`npm run packages\` on ${when}; do not edit by hand.

${sentence(rows)}

- **off**: it works with \`sandbox: "off"\`. What does not says so in the note, and counts no further.
- **kept**: it works with the flags kept, the fewest that are known for it, which stand in the next column.
- **steps**: from no permission at all, following the hint of each failure, or where there is none its denials, so many times were flags
  added until it worked, six at most. "no": it did not get there, or with flags wider than those kept; the note says which.
- **ended with**: the flags that these steps gave.

\`{data}\`, \`{out}\` and \`{pkg}\` stand for a directory with the job's input, one for its output and the project; \`{http}\`, \`{pg}\` and the like
for ports of servers on loopback; \`{chromium}\` and \`{runtime}\` for programs. Why something does not get there is in
[permissions](permissions.md#packages-that-hints-do-not-lead-to).

| ${head.join(' | ')} |
|${head.map(() => ' --- ').join('|')}|
${body.join('\n')}
`
}
