import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { daemon, findProgram } from './daemon.mjs'

/** The directories of PostgreSQL's programs, which Debian does not put on PATH. */
function directories() {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root).map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

/** PostgreSQL on loopback, without a password. */
export function postgres() {
  const [initdb, server] = ['initdb', 'postgres'].map((name) => findProgram(name, ...directories()))
  if (initdb === undefined || server === undefined) return undefined
  return daemon({
    before: (directory) => [[initdb, ['-D', join(directory, 'data'), '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync']]],
    run: (directory, port) => [server, ['-D', join(directory, 'data'), '-h', '127.0.0.1', '-p', String(port), '-k', directory, '-F']],
    signal: 'SIGINT',
  })
}
