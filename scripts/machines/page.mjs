/** Judges what was seen on a machine, and writes docs/machines.md's table. */

/**
 * @typedef {object} Row
 * @property {string[]} cells
 * @property {string[]} problems
 */

/** @param {any[]} tests */
function problemsOfTests(tests) {
  return tests
    .filter(({ status, failed, passed }) => status !== 0 || failed > 0 || passed === 0)
    .map(({ kind, name = kind, status, failures, text }) => `${name} ended with ${status}: ${failures.join('; ')}\n${text}`)
}

/** @param {any[]} rows @param {'passed' | 'failed'} key */
const sum = (rows, key) => rows.reduce((total, row) => total + (row[key] ?? 0), 0)

/** @param {any[]} rows */
const counted = (rows) => (rows.length === 0 ? 'not run' : `${sum(rows, 'passed')} passed, ${sum(rows, 'failed')} failed`)

/**
 * @param {string} name
 * @param {string} how
 * @param {any[]} seen
 * @returns {Row}
 */
export function rowOf(name, how, seen) {
  const of = (/** @type {string} */ kind) => seen.filter((row) => row.kind === kind)
  const [machine] = of('machine')
  const [doctor] = of('doctor')
  const calls = of('calls')
  const failed = calls.filter(({ error }) => error !== null)
  const tests = of('test')
  const rust = of('rust')
  const problems = [
    ...(seen.at(-1)?.kind === 'end' ? [] : ['it stopped before the end']),
    ...(doctor?.good === true ? [] : [`doctor: ${doctor?.problem ?? 'did not run'}`]),
    ...failed.map(({ host, runtime, isolation, error }) => `${host} as host, ${runtime}, isolation ${isolation}: ${error}`),
    ...problemsOfTests([...rust, ...tests]),
  ].map((problem) => `${name}: ${problem}`)
  const cells = [
    name, how, new Date().toISOString().slice(0, 10), machine?.kernel ?? '', machine?.node ?? '', machine?.bun ?? '',
    doctor?.good === true ? `all hold, Landlock ${doctor.landlockAbi}` : (doctor?.problem ?? 'did not run'),
    `${calls.length - failed.length} of ${calls.length} combinations`,
    counted(rust),
    `${tests.length} files: ${counted(tests)}`,
  ]
  return { cells: cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')), problems }
}

const HEAD = ['machine', 'run', 'day', 'kernel', 'Node', 'Bun', '`doctor`', 'calls', 'sandbox suite (Rust)', 'JavaScript tests']

const lineOf = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`

/**
 * Writes rows into the page; those of other machines stay as they are.
 * @param {string} page
 * @param {Row[]} rows
 */
export function withTable(page, rows) {
  const [before = '', rest = ''] = page.split('<!-- machines -->\n')
  const [table = '', after = ''] = rest.split('<!-- /machines -->\n')
  const isOfSeen = (/** @type {string} */ line) => rows.some(({ cells }) => line.startsWith(`| ${cells[0]} |`))
  const kept = table.split('\n').filter((line) => line.startsWith('| Linux ') && !isOfSeen(line))
  const lines = [lineOf(HEAD), lineOf(HEAD.map(() => '---')), ...[...kept, ...rows.map(({ cells }) => lineOf(cells))].toSorted()]
  return `${before}<!-- machines -->\n${lines.join('\n')}\n<!-- /machines -->\n${after}`
}
