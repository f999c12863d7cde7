import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { daemon, findProgram } from './daemon.mjs'

/** @param {string} directory */
const data = (directory) => [`--datadir=${join(directory, 'data')}`]

/** MariaDB on loopback, with a user `tool` whose password is `secret`. */
export function mariadb() {
  const [install, server] = ['mariadb-install-db', 'mariadbd'].map((name) => findProgram(name))
  if (install === undefined || server === undefined) return undefined
  return daemon({
    before: (directory) => [[install, ['--no-defaults', ...data(directory), '--auth-root-authentication-method=normal', '--skip-test-db']]],
    run: (directory, port) => {
      const first = join(directory, 'first.sql')
      writeFileSync(first, "CREATE USER IF NOT EXISTS tool@'%' IDENTIFIED BY 'secret';\n", { mode: 0o644 })
      const socket = `--socket=${join(directory, 'socket')}`
      return [
        server,
        ['--no-defaults', ...data(directory), socket, `--port=${port}`, '--bind-address=127.0.0.1', `--init-file=${first}`, '--skip-name-resolve'],
      ]
    },
  })
}
