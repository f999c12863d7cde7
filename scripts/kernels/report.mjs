/** Makes rows of docs/kernels.md of what kernels gave, and puts them in place of earlier ones. Pure. */

/**
 * @typedef {import('./guest.mjs').Task} Task
 * @typedef {'root' | 'user'} Who
 *
 * @typedef {object} Run what one kernel gave
 * @property {import('./list.mjs').Kernel} kernel
 * @property {import('./suites.mjs').Tasks} tasks what was to be run
 * @property {any[]} seen the lines of the machine
 *
 * @typedef {object} Row
 * @property {string} name of the kernel
 * @property {string[]} cells
 * @property {string[]} problems
 */

/** The columns that are made of tasks. */
export const SUITES = ['doctor', 'Rust sandbox suite', 'demonstration', 'attacks', 'JavaScript tests', 'differential with Deno', 'cold call']

const HEAD = ['kernel', 'release', 'who has it', 'day', 'as', ...SUITES]

/** @param {any[]} rows @param {string} key */
const sum = (rows, key) => rows.reduce((total, row) => total + (row[key] ?? 0), 0)

/** @param {string} suite @param {any[]} rows */
function counted(suite, rows) {
  if (suite !== 'attacks') return `${sum(rows, 'passed')} passed, ${sum(rows, 'failed')} failed`
  const all = sum(rows, 'passed') + sum(rows, 'failed')
  return `${sum(rows, 'succeeded')} of ${all} succeeded, ${sum(rows, 'twins')} of ${all} twins worked`
}

/** What a column says of one user's tasks. @param {string} suite @param {Task[]} wanted @param {any[]} rows */
function cell(suite, wanted, rows) {
  if (wanted.length === 0) return ''
  const missing = wanted.length - rows.length
  if (rows.length === 0) return '**not run**'
  const good = rows.every((row) => row.good)
  const shown = rows.find((row) => row.shown !== undefined)?.shown
  const text = shown ?? counted(suite, rows)
  // Where there can be no sandbox, doctor does well to say so, in these words.
  const parts = [!good ? `**${text}**` : text.startsWith('"') ? text : `works: ${text}`]
  if (!good && shown === undefined) parts.push(rows.filter((row) => !row.good).map((row) => row.name).join(', '))
  if (missing > 0) parts.push(`**${missing} of ${wanted.length} files were not run**`)
  return parts.join('; ')
}

const clean = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** @param {Run} run @param {string} day @returns {Row[]} */
export function rowsOf({ kernel, tasks, seen }, day) {
  const release = seen.find(({ kind }) => kind === 'machine')?.release ?? '**did not start**'
  const users = /** @type {const} */ ([['root', [...tasks.alone, ...tasks.root]], ['user', tasks.user]])
  // A user for whom nothing was to be run keeps the row of an earlier day.
  return users.filter(([, wanted]) => wanted.length > 0).map(([who, wanted]) => {
    const rows = seen.filter((row) => row.kind === 'task' && row.who === who)
    const cut = seen.some((row) => row.kind === 'end' && row.who === who) ? [] : [`${kernel.name}: the machine ended before its tests did as ${who}`]
    const of = (/** @type {string} */ suite) => cell(suite, wanted.filter((task) => task.suite === suite), rows.filter((row) => row.suite === suite))
    const missing = SUITES.flatMap((suite) => {
      const [planned, ran] = [wanted.filter((task) => task.suite === suite).length, rows.filter((row) => row.suite === suite).length]
      return planned === ran ? [] : [`${kernel.name}: ${planned - ran} of ${planned} tasks of ${suite} were not run as ${who}`]
    })
    return {
      name: kernel.name,
      cells: [kernel.name, release, kernel.who, day, who === 'user' ? 'a user' : 'root', ...SUITES.map(of)].map(clean),
      problems: [...cut, ...rows.filter((row) => !row.good).map((row) => `${kernel.name}, ${row.name} as ${who}:\n${row.failures.join('\n')}`), ...missing],
    }
  })
}

const lineOf = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`

/** @param {Row[]} rows */
export const tableOf = (rows) => [HEAD, HEAD.map(() => '---'), ...rows.map(({ cells }) => cells)].map(lineOf).join('\n')

const cellsOf = (/** @type {string} */ line) => line.slice(2, -2).split(' | ')

/** The place of what identifies a row besides the kernel's name. */
const AS = HEAD.indexOf('as')

/** The row of root comes before the one of a user. @param {string[]} cells */
const isOfRoot = (cells) => cells[AS] === 'root'

/** Whether two rows are of the same kernel and user. @param {string[]} one @param {string[]} other */
const isSame = (one, other) => one[0] === other[0] && one[AS] === other[AS]

/**
 * Of an earlier row it keeps the columns that were not run this time, if the kernel is the same.
 * @param {string[]} earlier @param {string[]} cells
 */
const merged = (earlier, cells) => (earlier[1] === cells[1] ? cells.map((text, at) => text || (earlier[at] ?? '')) : cells)

/** The numbers of a version, for the order of the rows; a name that is none is the newest. @param {string} name */
const orderOf = (name) => {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(name) ?? [undefined, 1e6, 0]
  return Number(major) * 1000 + Number(minor)
}

/**
 * Writes rows into the page; those of other kernels stay as they are.
 * @param {string} page
 * @param {Row[]} rows
 */
export function withRows(page, rows) {
  const [before = '', rest = ''] = page.split('<!-- kernels -->\n')
  const [table = '', after = ''] = rest.split('<!-- /kernels -->\n')
  const earlier = table.split('\n').filter((line) => line.startsWith('| ')).slice(2).map(cellsOf)
  const kept = earlier.filter((one) => !rows.some(({ cells }) => isSame(one, cells)))
  const written = rows.map(({ cells }) => merged(earlier.find((one) => isSame(one, cells)) ?? [], cells))
  const ordered = [...kept, ...written].toSorted((one, other) => orderOf(one[0] ?? '') - orderOf(other[0] ?? '') || Number(isOfRoot(other)) - Number(isOfRoot(one)))
  return `${before}<!-- kernels -->\n${[HEAD, HEAD.map(() => '---'), ...ordered].map(lineOf).join('\n')}\n<!-- /kernels -->\n${after}`
}
