/**
 * Runs inside the virtual machine as root, and carries out the plan that the command line names, as root or as an
 * ordinary user. Each result is a line `SEEN {...}` as soon as it is there, so that a run that is cut off still shows
 * what it found.
 */

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { judge } from './judge.mjs'

/** The number needs no entry in the user database. */
const ORDINARY = '54321'
/** What is kept of a program's output. */
const MOST_OUTPUT = 8 * 1024 * 1024
/** What is told of failures: the line goes through an emulated serial port, byte by byte. */
const MOST_FAILURES = 12
const MOST_OF_ONE = 4000

/**
 * @typedef {object} Task one program
 * @property {string} suite the column of the table
 * @property {string} name
 * @property {string} kind how it is judged
 * @property {string} command
 * @property {string[]} args
 * @property {number} bound in milliseconds
 * @property {Record<string, string>} env
 *
 * @typedef {object} Plan
 * @property {string} directory
 * @property {boolean} landlock whether the kernel has it
 * @property {'root' | 'user'} who
 * @property {Task[]} tasks
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
const { directory, landlock, who, tasks } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))

/** @param {Task} task @returns {Promise<import('./judge.mjs').Ended>} */
function carryOut({ command, args, bound, env }) {
  const [program, all] = who === 'root' ? [command, args] : ['setpriv', ['--reuid', ORDINARY, '--regid', ORDINARY, '--clear-groups', command, ...args]]
  return new Promise((resolve) => {
    const child = spawn(program, all, {
      cwd: directory,
      // A group of its own, so that all of it can be ended.
      detached: true,
      env: { PATH: process.env.PATH, LANG: process.env.LANG, TMPDIR: '/tmp', HOME: who === 'root' ? '/run' : '/nonexistent', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = { stdout: '', stderr: '' }
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name].setEncoding('utf8').on('data', (text) => {
        ended[name] = (ended[name] + text).slice(-MOST_OUTPUT)
      })
    }
    /** @type {string | undefined} */
    let killed
    const kill = () => {
      killed = `killed after ${Math.round(bound / 1000)} s`
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(kill, bound)
    child.once('error', (error) => resolve({ ...ended, status: null, killed: error.message }))
    // Not 'close': a process that a test left behind may hold the pipes.
    child.once('exit', (status, signal) => {
      clearTimeout(timer)
      setImmediate(() => setTimeout(() => resolve({ ...ended, status, killed: killed ?? signal ?? undefined }), 100))
    })
  })
}

tell({ kind: 'machine', who, release: os.release(), modules: textOf('/sys/kernel/security/lsm'), uptime: Math.round(os.uptime()) })
for (const task of tasks) {
  const before = process.hrtime.bigint()
  const ended = await carryOut(task)
  const { failures, ...verdict } = judge(task.kind, ended, landlock)
  const seconds = Math.round(Number(process.hrtime.bigint() - before) / 1e9)
  tell({ kind: 'task', suite: task.suite, name: task.name, who, seconds, ...verdict, failures: failures.slice(0, MOST_FAILURES).map((text) => text.slice(0, MOST_OF_ONE)) })
}
tell({ kind: 'end', who, uptime: Math.round(os.uptime()) })
