/** What runs on each kernel. */

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hostNode, root } from '../run.mjs'

/** @typedef {import('./guest.mjs').Suite} Suite */

const MINUTE = 60_000
/** Longer than a test may take in an emulated machine. */
const TEST_TIMEOUT = '240000'

/** JavaScript tests that together use all of a manager: with a sandbox, or on a kernel without one, with it off. */
const SHORT_LIST = ['happy', 'timeout', 'abort', 'results', 'env', 'isolation', 'retry', 'close', 'output', 'node-runtime']
const OF_THE_SANDBOX = ['access-enforcement', 'access-read', 'access-write', 'access-net', 'access-run', 'temporary-directory']

/** @param {string[]} names */
const files = (names) => names.map((name) => join('__test__', `${name}.test.mjs`))

/** @param {string} name @param {('root' | 'user')[]} as @param {string[]} tests @param {number} minutes @param {Record<string, string>} [env] @returns {Suite} */
const onNode = (name, as, tests, minutes, env = {}) => ({
  name,
  as,
  command: hostNode,
  args: ['--test', '--test-reporter=tap', '--test-concurrency=2', `--test-timeout=${TEST_TIMEOUT}`, ...tests],
  bound: minutes * MINUTE,
  env,
})

/** @returns {Suite} */
const doctor = () => ({ name: 'doctor', as: ['root', 'user'], command: hostNode, args: ['js/cli/bin.js', 'doctor', '--json'], bound: 5 * MINUTE, env: {} })

/** The program of the Rust tests that attack the sandbox, built when it is not there. */
function sandboxProgram() {
  const args = ['test', '--no-run', '--no-default-features', '--test', 'sandbox', '--message-format=json']
  const messages = execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] })
  const executables = messages.split('\n').flatMap((line) => (line.startsWith('{') ? (JSON.parse(line).executable ?? []) : []))
  const program = executables.at(-1)
  if (program === undefined) throw new Error('cargo built no test program')
  return program
}

/** Attacks run as root and as a user by themselves. */
const attacks = () => readdirSync(join(root, '__test__/attacks')).filter((file) => file.endsWith('.test.mjs')).map((file) => join('__test__/attacks', file))

/** @returns {Suite[]} */
export const short = () => [doctor(), onNode('attacks', ['root'], attacks(), 5)]

/** @param {boolean} landlock @returns {Suite[]} */
export function full(landlock) {
  if (!landlock) return [doctor(), onNode('JavaScript, sandbox off', ['root', 'user'], files(SHORT_LIST), 10, { WARDEN_TEST_SANDBOX: 'off' })]
  return [
    doctor(),
    { name: 'Rust sandbox suite', as: ['root'], command: sandboxProgram(), args: ['--test-threads=2'], bound: 15 * MINUTE, env: { RUST_BACKTRACE: '0' } },
    onNode('attacks', ['root'], attacks(), 15),
    onNode('differential with Deno', ['root'], files(['deno-verdicts']), 15),
    onNode('JavaScript', ['root', 'user'], files([...SHORT_LIST, ...OF_THE_SANDBOX]), 15),
  ]
}

