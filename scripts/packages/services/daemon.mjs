/** Runs servers as programs of their own: in a scratch directory, as an unprivileged user, and ended by their pid. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'

import { freePort } from './free-port.mjs'

/** @typedef {{ uid?: number, gid?: number }} User */

/** @param {string} which */
const id = (which) => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }))

/** Returns the user to run servers as, because they refuse to run as root. @returns {User} */
function unprivileged() {
  if (process.getuid?.() !== 0) return {}
  return { uid: id('-u'), gid: id('-g') }
}

/** @param {string} name @param {string[]} first directories to search before PATH */
export function findProgram(name, ...first) {
  for (const directory of [...first, ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(directory, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // The program is not in this directory.
    }
  }
  return undefined
}

/** @param {number} port */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false)).on('close', () => socket.destroy())
    socket.on('connect', () => socket.end())
  })
}

/**
 * @param {object} server
 * @param {(directory: string, port: number) => [string, string[]][]} [server.before] programs that prepare the directory
 * @param {(directory: string, port: number) => [string, string[]]} server.run
 * @param {NodeJS.Signals} [server.signal]
 */
export async function daemon({ before = () => [], run, signal = 'SIGTERM' }) {
  const directory = mkdtempSync(join(tmpdir(), 'toolwarden-packages-'))
  const user = unprivileged()
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  const port = await freePort()
  const options = { ...user, cwd: directory, env: { PATH: process.env.PATH, HOME: directory, LC_ALL: 'C' } }
  try {
    for (const [program, args] of before(directory, port)) execFileSync(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
  const [program, args] = run(directory, port)
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text) => (output = `${output}${text}`.slice(-4000)))
  const ended = once(child, 'close')
  const stop = async () => {
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
    rmSync(directory, { recursive: true, force: true })
  }
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) break
    if (await answers(port)) return { value: port, stop }
    await wait(100)
  }
  await stop()
  throw new Error(`${program} did not come up: ${output}`)
}
