/** Totals over all rows. */

/** @typedef {import('./package.d.ts').Row} Row */

/** The share of the runs that work without a sandbox which must also get there from no permission. */
export const TARGET = 0.9
export const MOST_STEPS = 6

/** @param {Row[]} rows */
export function totals(rows) {
  const off = rows.filter((row) => row.off.end === 'right')
  const minimal = off.filter((row) => row.minimal?.end === 'right')
  const climbed = off.filter((row) => row.climb?.problem === '')
  const names = new Set(rows.map((row) => row.name))
  return { packages: names.size, runs: rows.length, off: off.length, minimal: minimal.length, climbed: climbed.length }
}

/** @param {Row[]} rows */
export function meetsTarget(rows) {
  const { off, climbed } = totals(rows)
  return off > 0 && climbed >= TARGET * off
}

/** @param {Row[]} rows */
export function sentence(rows) {
  const { packages, runs, off, minimal, climbed } = totals(rows)
  const share = off === 0 ? 0 : Math.round((1000 * climbed) / off) / 10
  return (
    `There are ${packages} packages and ${runs} runs: ${off} work without a sandbox, ${minimal} of these work with the flags kept, ` +
    `and ${climbed} (${share}%) come from no flag to flags that work, in at most ${MOST_STEPS} steps.`
  )
}
