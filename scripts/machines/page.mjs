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
    name, how, machine?.kernel ?? '', machine?.node ?? '', machine?.bun ?? '',
    doctor?.good === true ? `all hold, Landlock ${doctor.landlockAbi}` : (doctor?.problem ?? 'did not run'),
    `${calls.length - failed.length} of ${calls.length} combinations`,
    counted(rust),
    `${tests.length} files: ${counted(tests)}`,
  ]
  return { cells: cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')), problems }
}

const HEAD = ['machine', 'run', 'kernel', 'Node', 'Bun', '`doctor`', 'calls', 'sandbox suite (Rust)', 'JavaScript tests']

/** @param {string} page @param {Row[]} rows */
export function withTable(page, rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(({ cells }) => cells)].map((cells) => `| ${cells.join(' | ')} |`)
  const text = `By \`npm run machines\`, ${new Date().toISOString().slice(0, 10)}:\n\n${lines.join('\n')}\n`
  const [before, after] = page.split(/<!-- machines -->\n[^]*<!-- \/machines -->\n/)
  return `${before}<!-- machines -->\n${text}<!-- /machines -->\n${after}`
}
