/** Formats the table for a terminal and as docs/packages.md. */

import { cell } from './cell.mjs'
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

/** @param {Row[]} rows @param {string} when */
export function page(rows, when) {
  const head = ['package', 'version', 'runtime', 'off', 'kept', 'flags kept', 'steps', 'ended with', 'note']
  const body = rows.map((row) => `| ${cells(row).map((text) => cell(text, 200)).join(' | ')} |`)
  return `# Packages

These are packages that people use in tools. Each does a real job whose result is checked, on each runtime where the package runs at all. The page was made by
\`npm run packages\` on ${when}; do not edit by hand.

${sentence(rows)}

- **off**: whether the job works with \`sandbox: "off"\`. Where it does not, the note says so, and the totals leave the run out.
- **kept**: whether it works with the flags in the next column, which are the fewest that are known to suffice.
- **steps**: how many times flags were added until the job worked. The first run has no permission at all; after each failure the flags that its hint
  names are added, or, where there is no hint, those of its denials, six times at most. "no" means that the job did not work in the end, or only with flags
  wider than those kept; the note says which.
- **ended with**: the flags that were added in these steps.

\`{data}\`, \`{out}\` and \`{pkg}\` stand for a directory with the job's input, a directory for its output and the project; \`{http}\`, \`{pg}\` and similar names
stand for ports of servers on loopback, and \`{chromium}\` and \`{runtime}\` for programs. Why some jobs cannot be brought to work in this way is explained in
[permissions](permissions.md#packages-that-hints-do-not-lead-to).

| ${head.join(' | ')} |
|${head.map(() => ' --- ').join('|')}|
${body.join('\n')}
`
}
