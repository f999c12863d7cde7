/** Says what one program of a kernel's run showed, from how it ended and what it printed. Pure. */

import { cargoTestCounts, nodeCounts } from '../counts.mjs'
import { cargoTestFailures, nodeFailures } from '../failures.mjs'

/**
 * @typedef {object} Ended how a program ended
 * @property {number | null} status
 * @property {string} stdout
 * @property {string} stderr
 * @property {string | undefined} [killed] why it was killed before its end
 *
 * @typedef {object} Verdict
 * @property {boolean} good
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} failures what failed, with its error
 * @property {string} [shown] what the table quotes
 * @property {number} [succeeded] attacks that did
 * @property {number} [twins] twins that worked
 */

/** The end of an output that says nothing in the expected form. @param {Ended} ended */
const ending = ({ status, stdout, stderr, killed }) => `${killed ?? `ended with ${status}`}: ${`${stdout.slice(-3000)}\n${stderr.slice(-3000)}`.trim()}`

/** @param {Ended} ended @param {import('../counts.mjs').Counts} counts @param {import('../failures.mjs').Failure[]} failures @returns {Verdict} */
function ofTests(ended, { passed, failed, notRun }, failures) {
  const good = ended.status === 0 && passed > 0 && failed === 0 && notRun === 0
  const told = failures.map(({ name, why }) => `${name}\n${why}`.trim())
  // A runner that broke before or after its tests is a failure that its own counts do not show.
  const missed = good || failed + notRun > 0 ? 0 : 1
  return { good, passed, failed: failed + notRun + missed, failures: good || (told.length > 0 && ended.killed === undefined) ? told : [...told, ending(ended)] }
}

/** @param {Ended} ended @param {boolean} landlock @returns {Verdict} */
function ofDoctor(ended, landlock) {
  /** @type {any} */
  let report
  try {
    report = JSON.parse(ended.stdout)
  } catch {
    return { good: false, passed: 0, failed: 1, failures: [ending(ended)], shown: 'no report' }
  }
  const loose = report.permissions.filter((/** @type {any} */ { refused, allowed }) => !refused || !allowed)
  const runtimes = report.runtimes.filter((/** @type {any} */ { version }) => version === null)
  const good = runtimes.length === 0 && (landlock ? report.ok : report.problem !== null && report.hint !== null)
  const shown = report.ok
    ? `ABI ${report.landlockAbi}; TCP ${report.heldBy.tcp}, signals ${report.heldBy.signals}, truncation ${report.heldBy.truncate}`
    : report.problem === null
      ? [...loose, ...runtimes].map(({ kind, type, problem }) => `${kind ?? type}: ${problem}`).join('; ')
      : `"${report.problem}"; hint: "${report.hint}"`
  return { good, passed: good ? 1 : 0, failed: good ? 0 : 1, failures: good ? [] : [ending(ended)], shown }
}

/** The demonstration succeeds everywhere, and without a sandbox it says so first. @param {Ended} ended @param {boolean} landlock @returns {Verdict} */
function ofDemo(ended, landlock) {
  const level = ended.stdout.match(/^sandbox: (\w+);/m)?.[1]
  const explained = ended.stdout.startsWith('This machine cannot enforce what tools may do.')
  const good = ended.status === 0 && level === (landlock ? 'kernel' : 'none') && explained !== landlock && ended.stdout.includes('"total":11.2')
  return { good, passed: good ? 1 : 0, failed: good ? 0 : 1, failures: good ? [] : [ending(ended)], shown: `status ${ended.status}, sandbox: ${level}` }
}

/** An attack whose process did not start in time fails, but did not succeed either. @param {any} attack */
const hasRun = (attack) => attack.outcome?.error?.code !== 'ERR_WORKER_START'

/** @param {Ended} ended @returns {Verdict} */
function ofAttacks(ended) {
  const line = ended.stdout.split('\n').findLast((text) => text.startsWith('{'))
  if (line === undefined) return { good: false, passed: 0, failed: 1, failures: [ending(ended)], succeeded: 0, twins: 0 }
  /** @type {[string, any][]} */
  const results = Object.entries(JSON.parse(line))
  const bad = results.filter(([, { attack, twin }]) => attack?.good !== true || twin?.good !== true)
  return {
    good: results.length > 0 && bad.length === 0,
    passed: results.length - bad.length,
    failed: Math.max(bad.length, results.length === 0 ? 1 : 0),
    failures: bad.map(([name, result]) => `${name}: ${JSON.stringify(result).slice(0, 2000)}`),
    succeeded: results.filter(([, { attack }]) => attack?.good === false && hasRun(attack)).length,
    twins: results.filter(([, { twin }]) => twin?.good === true).length,
  }
}

/** What scripts/kernels/spawn-cost.mjs measured. @param {Ended} ended @returns {Verdict} */
function ofColdCall(ended) {
  const line = ended.stdout.split('\n').findLast((text) => text.startsWith('{'))
  if (ended.status !== 0 || line === undefined) return { good: false, passed: 0, failed: 1, failures: [ending(ended)], shown: 'not measured' }
  const { median, fastest } = JSON.parse(line)
  const shown = `the sandbox's part: ${fastest.part} of ${fastest.sandboxed} ms (fastest tenth), ${median.part} of ${median.sandboxed} ms (median)`
  return { good: true, passed: 1, failed: 0, failures: [], shown }
}

/** @param {string} kind @param {Ended} ended @param {boolean} landlock whether the kernel has Landlock @returns {Verdict} */
export function judge(kind, ended, landlock) {
  switch (kind) {
    case 'doctor':
      return ofDoctor(ended, landlock)
    case 'demo':
      return ofDemo(ended, landlock)
    case 'attacks':
      return ofAttacks(ended)
    case 'cold call':
      return ofColdCall(ended)
    case 'rust':
      return ofTests(ended, cargoTestCounts(ended.stdout), cargoTestFailures(ended.stdout))
    default:
      return ofTests(ended, nodeCounts(ended.stdout), nodeFailures(ended.stdout))
  }
}
