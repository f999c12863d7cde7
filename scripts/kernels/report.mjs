/** Makes a table of what each kernel gave. */

import { cargoTestCounts, nodeCounts } from '../counts.mjs'

/**
 * @typedef {object} Run what one kernel gave
 * @property {import('./list.mjs').Kernel} kernel
 * @property {any[]} seen
 */

/** @param {any} row @param {boolean} landlock */
function cell(row, landlock) {
  if (row.name === 'doctor') return doctorCell(row, landlock)
  const counts = row.name.startsWith('Rust') ? cargoTestCounts(row.stdout) : nodeCounts(row.stdout)
  const good = row.status === 0 && counts.passed > 0 && counts.failed === 0 && counts.notRun === 0
  const why = row.status === 0 ? '' : `, ${row.signal ?? row.error ?? `status ${row.status}`}`
  return { good, text: good ? `works: ${counts.passed} passed` : `${counts.passed} passed, **${counts.failed} failed**${why}` }
}

/** @param {any} row @param {boolean} landlock */
function doctorCell(row, landlock) {
  /** @type {any} */
  let report
  try {
    report = JSON.parse(row.stdout)
  } catch {
    return { good: false, text: `**no report**: ${row.stderr.split('\n')[0]}` }
  }
  if (report.ok) {
    const { heldBy } = report
    return { good: landlock, text: `works: ABI ${report.landlockAbi}; TCP ${heldBy.tcp}, signals ${heldBy.signals}, truncation ${heldBy.truncate}` }
  }
  const told = report.problem === null ? JSON.stringify(report.permissions) : `"${report.problem}"; hint: "${report.hint}"`
  return { good: !landlock && report.problem !== null, text: told }
}

/** @param {Run[]} runs */
export function table(runs) {
  const rows = ['| kernel | who has it | test | as | result | seconds |', '|---|---|---|---|---|---|']
  const failures = []
  let good = true
  for (const { kernel, seen } of runs) {
    const machine = seen.find(({ kind }) => kind === 'machine')
    const ended = seen.some(({ kind }) => kind === 'end')
    if (!ended) {
      good = false
      failures.push(`${kernel.name}: the machine ended before its tests did`)
    }
    for (const row of seen.filter(({ kind }) => kind === 'suite')) {
      const { good: fine, text } = cell(row, kernel.landlock)
      good &&= fine
      if (!fine) failures.push(`${kernel.name}, ${row.name} as ${row.who}:\n${row.stdout.slice(-6000)}\n${row.stderr.slice(-3000)}`)
      rows.push(`| ${machine?.release ?? kernel.name} | ${kernel.who} | ${row.name} | ${row.who === 'user' ? 'a user' : 'root'} | ${text} | ${row.seconds} |`)
    }
  }
  return { text: `${rows.join('\n')}\n`, failures, good }
}
