/**
 * Starts servers for tests, benchmarks and examples. Each listens on loopback, on ports of its own, has a directory of its own, and is
 * ended by its pid.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { bounded } from './bounded.mjs'

/** How many milliseconds a server may take to start. The bound is large, because starts are slow on a busy machine. */
const START_BOUND = 90_000

/** Returns `count` different ports on which nobody listens. @param {number} count @returns {Promise<number[]>} */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port)))),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Creates a directory in the temporary directory, and returns it with a function that removes it. @param {string} name */
export function ownDirectory(name) {
  const dir = mkdtempSync(join(tmpdir(), `warden-${name}-`))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/**
 * Runs a program to its end; an error contains what the program printed.
 * @param {string} command @param {string[]} args @param {{ cwd?: string }} [options]
 */
export function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  /** @type {Buffer[]} */
  const said = []
  child.stdout.on('data', (chunk) => said.push(chunk))
  child.stderr.on('data', (chunk) => said.push(chunk))
  /** @type {Promise<void>} */
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${Buffer.concat(said)}`))))
  })
  return bounded(ended, `${command} to end`, START_BOUND)
}

/** Whether a server accepts connections on the port. @param {number} port @returns {Promise<boolean>} */
export const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/**
 * Starts a server and waits until `ready()` is true. If the server cannot be started, or ends, the error contains what it printed.
 * @param {string} command @param {string[]} args @param {() => Promise<boolean>} ready @param {{ cwd?: string, env?: NodeJS.ProcessEnv, end?: NodeJS.Signals }} [options]
 */
export async function startServer(command, args, ready, { end = 'SIGKILL', ...options } = {}) {
  // setpriv replaces itself by the server, which then gets a signal when its parent ends, in whatever way that happens.
  const child = spawn('setpriv', [`--pdeathsig=${end.slice(3)}`, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let said = ''
  const hear = (/** @type {Buffer} */ chunk) => {
    said = (said + chunk).slice(-8192)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  let gone = ''
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve((gone = error.message)))
    child.on('close', (code, signal) => resolve((gone = `ended with ${code ?? signal}`)))
  })
  const stop = async () => {
    child.kill(end)
    await bounded(ended, `${command} to end`, START_BOUND)
  }
  const until = Date.now() + START_BOUND
  while (!(await ready())) {
    if (gone !== '' || Date.now() > until) {
      await stop()
      throw new Error(`${command} did not come up (${gone || 'it took too long'}): ${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { pid: child.pid, stop }
}
