/** What runs on each kernel: as root and, at the same time, as an ordinary user. */

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hostNode, root } from '../run.mjs'

/** @typedef {import('./guest.mjs').Task} Task */
/** @typedef {{ alone: Task[], root: Task[], user: Task[] }} Tasks `alone` are root's, before the others */

const MINUTE = 60_000
/** How many times slower than a real machine an emulated one may be before something that waits counts as hung. */
const PATIENCE = '20'

/**
 * JavaScript tests that together use most of a manager: with a sandbox, or on a kernel without one, with it off. Those
 * of a tool that hears of its cancellation are not among them: it has 50 ms to say so, which is little for an emulated
 * processor.
 */
const SHORT_LIST = ['happy', 'timeout', 'results', 'env', 'isolation', 'retry', 'close', 'output']
const OF_THE_SANDBOX = ['access-enforcement', 'access-read', 'access-write', 'access-net', 'access-run', 'temporary-directory']

/** @param {string} suite @param {string} name @param {string} kind @param {number} minutes @param {string} command @param {string[]} args @param {Record<string, string>} [env] @returns {Task} */
const task = (suite, name, kind, minutes, command, args, env = {}) => ({ suite, name, kind, command, args, bound: minutes * MINUTE, env: { WARDEN_TEST_PATIENCE: PATIENCE, ...env } })

const doctor = () => task('doctor', 'doctor', 'doctor', 10, hostNode, ['js/cli/bin.js', 'doctor', '--json'])
const demonstration = () => task('demonstration', 'demo', 'demo', 10, hostNode, ['examples/demo/run.mjs'])

/** Attacks of the short form: on what an older Landlock does not cover, and on the supervisor that stands in for it. */
const SHORT_ATTACKS = ['system-files', 'beyond-landlock']

/**
 * The Rust tests that attack the sandbox, built when they are not there. By itself each runs as root and then as a user.
 * @returns {{ root: Task, user: Task }}
 */
function rustSuite() {
  const args = ['test', '--no-run', '--no-default-features', '--test', 'sandbox', '--message-format=json']
  const messages = execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] })
  const executables = messages.split('\n').flatMap((line) => (line.startsWith('{') ? (JSON.parse(line).executable ?? []) : []))
  const program = executables.at(-1)
  if (program === undefined) throw new Error('cargo built no test program')
  /** @param {string} variable of tests/sandbox/harness.rs */
  const as = (variable) => task('Rust sandbox suite', 'sandbox', 'rust', 20, program, ['--test-threads=1'], { RUST_BACKTRACE: '0', [variable]: '1' })
  return { root: as('TOOLWARDEN_TEST_FIRST_RUN_ONLY'), user: as('TOOLWARDEN_TEST_SECOND_RUN') }
}

/** The module of attacks on forked processes. */
const OF_FORKS = 'origin'
/** The modules of attacks. */
const ATTACKS = readdirSync(join(root, '__test__/attacks')).filter((file) => !file.endsWith('.test.mjs')).map((file) => file.replace(/\.mjs$/, ''))

/** @param {string[]} names */
const attacks = (names) =>
  names.map((name) => task('attacks', name, 'attacks', 40, hostNode, ['__test__/support/attacks-as-user.mjs', join(root, '__test__/attacks', `${name}.mjs`)]))

/** @param {string} suite @param {string[]} names @param {Record<string, string>} [env] */
const files = (suite, names, env) =>
  names.map((name) => task(suite, name, 'node', 20, hostNode, ['--test-reporter=spec', `__test__/${name}.test.mjs`], env))

const coldCall = () => task('cold call', 'spawn-cost', 'cold call', 15, hostNode, ['scripts/kernels/spawn-cost.mjs'])

/** What fits into the minutes that CI has: the Rust tests as a user beside the attacks as root. @returns {Tasks} */
export const short = () => ({ alone: [], root: [doctor(), ...attacks(SHORT_ATTACKS)], user: [rustSuite().user, doctor()] })

/** @param {Pick<import('./list.mjs').Kernel, 'landlock' | 'forks'>} kernel @returns {Tasks} */
export function full({ landlock, forks }) {
  if (!landlock) {
    const both = [doctor(), demonstration(), ...files('JavaScript tests', SHORT_LIST, { WARDEN_TEST_SANDBOX: 'off' })]
    return { alone: [], root: both, user: both }
  }
  const rust = rustSuite()
  const both = [doctor(), demonstration(), ...files('JavaScript tests', [...SHORT_LIST, ...OF_THE_SANDBOX])]
  const differential = files('differential with Deno', ['deno-verdicts'])
  const all = attacks(ATTACKS.filter((name) => forks || name !== OF_FORKS))
  return { alone: [coldCall()], root: [rust.root, ...both, ...all], user: [rust.user, ...both, ...differential, ...all] }
}
