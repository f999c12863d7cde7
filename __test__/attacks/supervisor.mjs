/**
 * System calls that block the host's supervisor or keep it busy, so that neighbours in the same manager have to wait.
 */

import net from 'node:net'
import { join } from 'node:path'

import { freePort } from '../support/loopback.mjs'

export const tools = './supervisor.mjs'

const served = ({ neighbours }) => neighbours?.length === 2 && neighbours.every((value) => value === 'good')

/** A server that accepts connections and reads nothing. */
async function deaf() {
  const sockets = []
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket.pause().on('error', () => {}))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: server.address().port, close }
}

const kinds = [
  { name: 'blocking sends to a peer that never reads', kind: 'sends', threads: 200, prepare: deaf, flags: (port) => [`--allow-net=127.0.0.1:${port}`] },
  { name: 'blocking connections to a full backlog', kind: 'dials', threads: 200, prepare: async () => ({ port: await freePort() }), flags: (port) => [`--allow-net=127.0.0.1:${port}`] },
  { name: 'processes refused, each with a stack to search', kind: 'forks', threads: 32, flags: () => [] },
  { name: 'connections refused without end', kind: 'connects', threads: 32, prepare: async () => ({ port: await freePort() }), flags: () => ['--allow-net=10.255.255.1:1'] },
]

const THREADS = 32
const TIMES = 200
/** If each were examined on its own, these would take the host minutes. */
const searches = {
  name: 'a host that searches for programs without end',
  attack: () => ({ tool: 'searches', input: { threads: THREADS, times: TIMES }, holds: ({ value }) => value === THREADS * TIMES }),
  twin: () => ({ tool: 'searches', input: { threads: 1, times: 1 }, holds: ({ value }) => value === 1 }),
}

/** Without a bound it is some tens of thousands a second. The burst, then one each 2 ms, and half as much to spare. */
const fewEnough = ({ refused, ms }) => refused > 0 && refused <= 1000 + (ms / 2) * 1.5
const refusals = {
  name: 'opens refused without end',
  attack: ({ outside }) => ({ tool: 'opens', input: { path: join(outside, 'secret.txt'), ms: 1500 }, holds: ({ value }) => fewEnough(value) }),
  twin: ({ open }) => ({
    tool: 'opens',
    flags: [`--allow-read=${open}`],
    input: { path: join(open, 'data.txt'), times: 3000 },
    holds: ({ value }) => value.opened === 3000,
  }),
}

const floods = kinds.map(({ name, kind, threads, prepare, flags }) => {
  const step = (count) => ({ prepared }) => ({
    flags: flags(prepared?.port),
    tool: 'floods',
    input: { kind, threads: count, port: prepared?.port },
    config: { isolation: 'call', maxWorkers: 2, gracePeriod: 0 },
    neighbour: 'good',
    holds: served,
  })
  return { name, prepare, attack: step(threads), twin: step(1) }
})

export const attacks = [...floods, searches, refusals]
