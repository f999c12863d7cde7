/**
 * Runs inside the virtual machine as root, and carries out the plan that the command line names. Each result is a line
 * `SEEN {...}`.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'

/** The number needs no entry in the user database. */
const ORDINARY = '54321'

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {('root' | 'user')[]} as who runs it
 * @property {string} command
 * @property {string[]} args
 * @property {number} bound in milliseconds
 * @property {Record<string, string>} env
 *
 * @typedef {object} Plan
 * @property {string} directory
 * @property {Suite[]} suites
 */

/** @param {any} row */
const tell = (row) => process.stdout.write(`SEEN ${JSON.stringify(row)}\n`)

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}

/** @type {Plan} */
const { directory, suites } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
tell({ kind: 'machine', release: os.release(), modules: textOf('/sys/kernel/security/lsm'), uptime: Math.round(os.uptime()) })
for (const { name, as, command, args, bound, env } of suites) {
  for (const who of as) {
    const before = process.hrtime.bigint()
    const [program, all] = who === 'root' ? [command, args] : ['setpriv', ['--reuid', ORDINARY, '--regid', ORDINARY, '--clear-groups', command, ...args]]
    const { status, signal, stdout, stderr, error } = spawnSync(program, all, {
      cwd: directory,
      env: { ...process.env, TMPDIR: '/tmp', HOME: '/tmp', NO_COLOR: '1', ...env },
      encoding: 'utf8',
      timeout: bound,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    })
    const seconds = Math.round(Number(process.hrtime.bigint() - before) / 1e9)
    tell({ kind: 'suite', name, who, status, signal, seconds, error: error?.message, stdout: stdout?.slice(-60_000) ?? '', stderr: stderr?.slice(-20_000) ?? '' })
  }
}
tell({ kind: 'end' })
