/** Formats which packages are forked, for a terminal and as the part of docs/process-start.md about packages. */

import { cell } from './cell.mjs'

/** @typedef {import('./forked.mjs').Forked} Forked */

const BEGINS = '<!-- npm run forked-packages -->'
const ENDS = '<!-- end -->'

/** @param {Forked} row */
export function line({ title, version, started, differs }) {
  const found = started !== '' ? `started: ${started}` : differs !== '' ? `differs: ${differs}` : 'forked'
  return `${title.padEnd(28)} ${version.padEnd(10)} ${found.slice(0, 400)}\n`
}

/** @param {readonly Forked[]} rows */
export function sentence(rows) {
  const forked = rows.filter(({ started }) => started === '')
  const same = forked.filter(({ differs }) => differs === '')
  const share = rows.length === 0 ? 0 : Math.round((100 * forked.length) / rows.length)
  const results = same.length === forked.length ? 'all of these' : `${same.length} of these`
  return `Of ${rows.length} packages ${forked.length} (${share}%) leave an origin that can be forked, and ${results} do their job in a forked process as in one that was started.`
}

/** Whether every package that is forked does the same. @param {readonly Forked[]} rows */
export const isRight = (rows) => rows.length > 0 && rows.every(({ differs }) => differs === '')

/** The page with what was found between its marks. @param {string} page @param {readonly Forked[]} rows @param {string} when */
export function withPackages(page, rows, when) {
  const from = page.indexOf(BEGINS)
  const to = page.indexOf(ENDS, from)
  if (from === -1 || to === -1) throw new Error(`the page has no ${BEGINS} with an ${ENDS}`)
  const told = rows.filter(({ started, differs }) => started !== '' || differs !== '')
  const body = told.map(({ title, version, started, differs }) => `| ${[title, version, started, differs].map((text) => cell(text)).join(' | ')} |\n`)
  const table = `| package | version | not forked, because | differs |\n| --- | --- | --- | --- |\n${body.join('')}`
  const text = `${sentence(rows)} The others, and what differs (${when}):`
  return `${page.slice(0, from)}${BEGINS}\n${text}\n\n${table}${page.slice(to)}`
}
