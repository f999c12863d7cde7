import { connect } from 'node:net'

import { freePorts, ownDirectory, startServer } from './process.mjs'

/** Whether a Redis server answers on the port. @param {number} port @returns {Promise<boolean>} */
const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => resolve(String(answer) === '+PONG\r\n')).once('error', () => resolve(false)).once('close', () => resolve(false))
    socket.once('data', () => socket.destroy())
  })

/** Starts a Redis server for the caller alone. It writes nothing to disk. */
export async function startRedis() {
  const [port = 0] = await freePorts(1)
  const { dir, remove } = ownDirectory('redis')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']
  const server = await startServer('redis-server', args, () => answers(port))
  return {
    connection: { host: '127.0.0.1', port },
    pid: server.pid,
    stop: async () => {
      await server.stop()
      remove()
    },
  }
}
