import { daemon, findProgram } from './daemon.mjs'

/** Redis on loopback, which keeps nothing. */
export function redis() {
  const server = findProgram('redis-server')
  if (server === undefined) return undefined
  return daemon({ run: (directory, port) => [server, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]] })
}
