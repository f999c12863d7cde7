/** Tools that try what a permission controls. They run in the sandbox that `toolwarden doctor` examines. */

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import process from 'node:process'

const MIB = 1024 * 1024

export default {
  runtime: () => ({ version: process.versions.bun ?? process.versions.node, path: process.execPath }),

  read: (/** @type {{ path: string }} */ { path }) => readFileSync(path, 'utf8'),

  write: (/** @type {{ path: string }} */ { path }) => writeFileSync(path, 'written by a probe'),

  async net(/** @type {{ port: number }} */ { port }) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  },

  env(/** @type {{ name: string }} */ { name }) {
    const value = process.env[name]
    if (value === undefined) throw new Error(`${name} is not visible`)
  },

  run(/** @type {{ program: string }} */ { program }) {
    const { error, status } = spawnSync(program, { stdio: 'ignore' })
    if (error) throw error
    if (status !== 0) throw new Error(`${program} ended with ${status}`)
  },

  memory(/** @type {{ mib: number }} */ { mib }) {
    const chunks = []
    for (let taken = 0; taken < mib; taken += 16) chunks.push(Buffer.alloc(16 * MIB, 1))
    return chunks.length
  },
}
