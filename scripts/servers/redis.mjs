import { accepts, freePorts, ownDirectory, startServer } from './process.mjs'

/** A Redis of its own: nothing is written to disk. */
export async function startRedis() {
  const [port = 0] = await freePorts(1)
  const { dir, remove } = ownDirectory('redis')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']
  const server = await startServer('redis-server', args, () => accepts(port))
  return {
    connection: { host: '127.0.0.1', port },
    pid: server.pid,
    stop: async () => {
      await server.stop()
      remove()
    },
  }
}
