/**
 * `npm run portable [-- --addon FILE] [--only rust|node|bun] [--short]`: tests the core that is built for systems without Linux's own mechanisms,
 * such as macOS, on Linux and there. Rust's tests run with the feature `portable`; the addon with it, or FILE, is put into a copy of the
 * repository, and all JavaScript tests that need no sandbox run there under this Node and Bun. Of Rust's tests `--short` runs those
 * about processes and managers, and so does any system but Linux, where others were never seen. Ends with 1 where one fails.
 */

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { bunCounts, cargoTestCounts, nextestCounts, nodeCounts } from './counts.mjs'
import { bunFailures, cargoTestFailures, nextestFailures, nodeFailures } from './failures.mjs'
import { hostNode, root, run } from './run.mjs'
import { testFiles } from './test-files.mjs'
import { needsSandbox, startsCommandLine, testsTheCore, withoutSandbox } from './tests-of-the-sandbox.mjs'
import { buildWith, copyWith } from './variant.mjs'

const place = join(root, 'target/portable')
/** What hangs counts as failed. */
const TEST_TIMEOUT_MS = 300_000
/** These need servers that have to be installed, and are about the servers' clients. */
const OF_ENGINES = /^\.\/__test__\/engines\//

const { values: options } = parseArgs({ options: { addon: { type: 'string' }, only: { type: 'string' }, short: { type: 'boolean' } } })
/** Two runs of different parts may go on at once. */
const copy = join(place, `copy-${options.only ?? 'all'}`)

const files = testFiles().filter((file) => testsTheCore(file) && !OF_ENGINES.test(file))
const tests = files.filter((file) => !needsSandbox(file))
/** Under Bun the command line runs on Linux only: `js/cli/own-environment.js`. */
const underBun = tests.filter((file) => process.platform === 'linux' || !startsCommandLine(file))
const isShort = options.short === true || process.platform !== 'linux'
/** The tests whose subjects are made of other parts on other systems. */
const SHORT = {
  targets: ['--lib', '--test', 'manager', '--test', 'spawn', '--test', 'spawn_leaks', '--test', 'spawn_odd_host'],
  nextest: ['-E', 'not binary(toolwarden) or test(/^(?:dispatch|pool|spawn|system)::/)'],
}
const features = ['--no-default-features', '--features', 'portable', '--color=never']
const runRust = spawnSync('cargo', ['nextest', '--version']).status === 0
  ? { command: 'cargo', args: ['nextest', 'run', '--no-fail-fast', ...features, ...(isShort ? [...SHORT.targets, ...SHORT.nextest] : withoutSandbox.nextest)], counts: nextestCounts, failures: nextestFailures }
  : { command: 'cargo', args: ['test', '--no-fail-fast', ...features, ...(isShort ? SHORT.targets : [])], counts: cargoTestCounts, failures: cargoTestFailures }
const chosen = [
  { name: 'rust', ...runRust },
  { name: 'node', command: hostNode, args: ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`, ...tests], counts: nodeCounts, failures: nodeFailures },
  { name: 'bun', command: join(root, 'node_modules/bun/bin/bun.exe'), args: ['test', `--timeout=${TEST_TIMEOUT_MS}`, ...underBun], counts: bunCounts, failures: bunFailures },
].filter(({ name }) => options.only === undefined || options.only === name)
if (chosen.length === 0) throw new Error(`nothing to run is called ${options.only}`)

if (options.only !== 'rust') copyWith(copy, options.addon === undefined ? await buildWith('portable', place) : resolve(options.addon))
/** @type {string[]} */
const lines = []
let good = true
for (const { name, command, args, counts, failures } of chosen) {
  process.stdout.write(`\n=== portable: ${name}\n`)
  const settings = { NO_COLOR: '1', WARDEN_TEST_SANDBOX: 'off', WARDEN_TEST_CORE: 'portable' }
  const { status, output } = await run(command, args, settings, false, name === 'rust' ? root : copy)
  const { passed, failed, notRun } = counts(output)
  const fine = status === 0 && passed > 0 && failed === 0
  good &&= fine
  for (const failure of failures(output)) lines.push(`FAILED under ${name}: ${failure.name}${failure.why && `\n${failure.why}`}`)
  lines.push(`portable: ${name} ${fine ? 'passed' : `FAILED, ended with ${status}`}: ${passed} passed, ${failed} failed, ${notRun} need what there is not`)
}
process.stdout.write(`\n${lines.join('\n')}\n${tests.length} of ${files.length} files of the core need no sandbox\n`)
process.exitCode = good ? 0 : 1
