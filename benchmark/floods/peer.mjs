/** A peer on loopback that listens but accepts and reads nothing: its event loop is blocked once it listens. */

import { spawn } from 'node:child_process'
import process from 'node:process'

/** The peer ends by itself after this time, in case this process ends without ending it. */
const LIFETIME_MS = 120_000

const program = ({ backlog }) => `
const server = require('node:net').createServer()
server.listen({ host: '127.0.0.1', port: 0, backlog: ${backlog} }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${LIFETIME_MS})
  process.exit()
})`

/** @param {{ backlog: number }} options @returns {Promise<{ port: number, close(): void }>} */
export function startPeer(options) {
  const child = spawn(process.execPath, ['-e', program(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the peer ended with ${signal ?? code}`)))
    child.stdout.once('data', (text) => resolve({ port: Number(text), close: () => child.kill('SIGKILL') }))
  })
}
