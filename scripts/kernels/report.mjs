/** Makes rows of docs/kernels.md of the records of kernels, and puts them in place of earlier ones. Pure. */

/**
 * @typedef {import('./guest.mjs').Task} Task
 * @typedef {import('./suites.mjs').Tasks} Tasks
 * @typedef {import('./records.mjs').Record} Record
 *
 * @typedef {object} Row
 * @property {string} name of the kernel
 * @property {string[]} cells
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

/** What a column says of one user's tasks. @param {Task[]} wanted @param {Record[]} records of all columns */
function cell(wanted, records) {
  // A file that is no longer in the list does not count.
  const rows = wanted.flatMap(({ suite, name }) => records.find((record) => record.suite === suite && record.name === name) ?? [])
  const [first] = rows
  if (first === undefined) return ''
  const missing = wanted.length - rows.length
  const good = rows.every((row) => row.good)
  const shown = rows.find((row) => row.shown !== undefined)?.shown
  const text = shown ?? counted(first.suite, rows)
  // Where there can be no sandbox, doctor does well to say so, in these words.
  const parts = [!good ? `**${text}**` : text.startsWith('"') ? text : `works: ${text}`]
  if (!good && shown === undefined) parts.push(rows.filter((row) => !row.good).map((row) => row.name).join(', '))
  if (missing > 0) parts.push(`**${missing} of ${wanted.length} files were not run**`)
  return parts.join('; ')
}

const clean = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** @param {string[]} days */
function period(days) {
  const [first, last] = [days.toSorted()[0], days.toSorted().at(-1)]
  return first === last ? (first ?? '') : `${first} to ${last}`
}

/** @param {Tasks} tasks */
const byUser = (tasks) => /** @type {const} */ ([['root', [...tasks.alone, ...tasks.root]], ['user', tasks.user]])

/**
 * The rows of a kernel. A user of whom there is no record has none.
 * @param {import('./list.mjs').Kernel} kernel @param {Tasks} tasks all that there are for this kernel @param {Record[]} records
 * @returns {Row[]}
 */
export const rowsOf = (kernel, tasks, records) =>
  byUser(tasks).flatMap(([who, wanted]) => {
    const own = records.filter((record) => record.kernel === kernel.name && record.who === who)
    const [first] = own
    if (first === undefined) return []
    const of = (/** @type {string} */ suite) => cell(wanted.filter((task) => task.suite === suite), own)
    const day = period(own.map((record) => record.day))
    return [{ name: kernel.name, cells: [kernel.name, first.release, kernel.who, day, who === 'user' ? 'a user' : 'root', ...SUITES.map(of)].map(clean) }]
  })

/**
 * What one run has to tell besides its rows.
 * @param {string} kernel @param {Tasks} tasks what was to be run @param {any[]} seen the lines of the machines @returns {string[]}
 */
export const problemsOf = (kernel, tasks, seen) =>
  byUser(tasks).filter(([, wanted]) => wanted.length > 0).flatMap(([who, wanted]) => {
    const rows = seen.filter((row) => row.kind === 'task' && row.who === who)
    const cut = seen.some((row) => row.kind === 'end' && row.who === who) ? [] : [`${kernel}: the machine ended before its tests did as ${who}`]
    const missing = SUITES.flatMap((suite) => {
      const [planned, ran] = [wanted.filter((task) => task.suite === suite).length, rows.filter((row) => row.suite === suite).length]
      return planned === ran ? [] : [`${kernel}: ${planned - ran} of ${planned} tasks of ${suite} were not run as ${who}`]
    })
    return [...cut, ...rows.filter((row) => !row.good).map((row) => `${kernel}, ${row.name} as ${who}:\n${row.failures.join('\n')}`), ...missing]
  })

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

/** The place of the day. */
const DAY = HEAD.indexOf('day')

/**
 * Of an earlier row it keeps the columns of which there is no record, if the kernel is the same: before there were records, only the page
 * said what was run.
 * @param {string[]} earlier @param {string[]} cells
 */
function merged(earlier, cells) {
  if (earlier[1] !== cells[1]) return cells
  const filled = cells.map((text, at) => text || (earlier[at] ?? ''))
  const kept = filled.some((text, at) => cells[at] === '' && text !== '')
  if (kept) filled[DAY] = period([earlier[DAY] ?? '', cells[DAY] ?? ''].flatMap((text) => text.split(' to ')))
  return filled
}

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
