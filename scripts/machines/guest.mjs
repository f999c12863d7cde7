/**
 * Runs on the other machine and prints what it found as lines that begin with SEEN. Arguments: the names of test files, and
 * `--rust=PATH` for a compiled test suite of the sandbox, and `--patience=N` on a machine that may be N times slower than others.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import os from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { cargoTestCounts, nodeCounts } from '../counts.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bun = join(root, 'node_modules/bun/bin/bun.exe')
/** For one program, in milliseconds. It is long, because the processor may be emulated. */
const BOUND = 15 * 60_000

/** @param {any} row */
const tell = (row) => process.stdout.write(`\nSEEN ${JSON.stringify(row)}\n`)

/** @param {string} program @param {string[]} args @param {Record<string, string>} [env] @returns {{ status: number | null, text: string }} */
function run(program, args, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8', timeout: BOUND, killSignal: 'SIGKILL', maxBuffer: 1 << 28 })
  return { status, text: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` }
}

const say = (/** @type {string} */ program) => execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()

tell({ kind: 'machine', kernel: os.release(), arch: process.arch, node: process.version, bun: say(bun) })

const doctor = run(process.execPath, ['js/cli/bin.js', 'doctor', '--json'])
const report = doctor.status === 0 ? JSON.parse(doctor.text) : null
tell({ kind: 'doctor', good: report?.ok === true, landlockAbi: report?.landlockAbi, problem: report === null ? doctor.text.slice(0, 2000) : (report.hint ?? null) })

for (const [host, program] of [['node', process.execPath], ['bun', bun]]) {
  const { status, text } = run(program ?? '', ['scripts/machines/calls.mjs'])
  const rows = text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  for (const row of rows) tell({ kind: 'calls', host, ...row })
  if (status !== 0 || rows.length !== 4) tell({ kind: 'calls', host, error: `ended with ${status}: ${text.slice(-1500)}` })
}

/** @param {string} name */
const option = (name) => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(`--${name}=`.length)

const rust = option('rust')
if (rust !== undefined) {
  const { status, text } = run(rust, ['--test-threads=2'])
  const failures = text.match(/^test .* FAILED$/gm) ?? []
  tell({ kind: 'rust', status, ...cargoTestCounts(text), failures, text: status === 0 ? '' : text.slice(-6000) })
}

// Not for the Rust suite, which waits for no time and would not look at the names of refused programs then.
const patience = { WARDEN_TEST_PATIENCE: option('patience') ?? '1' }
for (const name of process.argv.slice(2).filter((argument) => !argument.startsWith('--'))) {
  const { status, text } = run(process.execPath, ['--test', '--test-reporter=spec', `__test__/${name}.test.mjs`], patience)
  const failures = [...new Set(text.match(/^ *✖ .*$/gm) ?? [])]
  tell({ kind: 'test', name, status, ...nodeCounts(text), failures, text: status === 0 ? '' : text.slice(-4000) })
}
tell({ kind: 'end' })
