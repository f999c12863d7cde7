/** Asks a server that Next has built for what its route answers. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from '../packages/services/free-port.mjs'

/** How long a server may take until it answers. */
const PATIENCE = 60_000
const AGAIN = 100

/** The standalone server runs where nothing but it is. @param {string} directory @param {string} elsewhere */
export function moved(directory, elsewhere) {
  rmSync(elsewhere, { recursive: true, force: true })
  cpSync(join(directory, '.next/standalone'), elsewhere, { recursive: true })
  return elsewhere
}

/** @param {string} directory @param {string[]} args of Node @returns {Promise<string>} the answer's text */
export async function answerOf(directory, args) {
  const port = await freePort()
  const server = spawn(process.execPath, [...args], { cwd: directory, env: { ...process.env, PORT: `${port}`, HOSTNAME: '127.0.0.1' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (said += chunk))
  const ended = once(server, 'exit')
  try {
    for (const until = performance.now() + PATIENCE; performance.now() < until && server.exitCode === null; await delay(AGAIN)) {
      const response = await fetch(`http://127.0.0.1:${port}/api/answer`).catch(() => undefined)
      if (response !== undefined) return response.ok ? await response.text() : `${response.status}: ${said}`
    }
    return `no answer: ${said}`
  } finally {
    server.kill('SIGKILL')
    await ended
  }
}
