import { daemon, findProgram } from './daemon.mjs'

/** Redis on loopback, which stores nothing on disk. */
export function redis() {
  const server = findProgram('redis-server')
  if (server === undefined) return undefined
  return daemon({ run: (directory, port) => [server, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]] })
}
