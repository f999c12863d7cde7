import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { accepts, freePorts, ownDirectory, run, startServer } from './process.mjs'

/** Where Debian puts the programs of each version; the newest. Elsewhere they are on PATH. */
function programs() {
  const place = '/usr/lib/postgresql'
  const versions = existsSync(place) ? readdirSync(place).toSorted((a, b) => Number(b) - Number(a)) : []
  return versions[0] === undefined ? '' : join(place, versions[0], 'bin')
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package makes. */
function otherUser() {
  if (process.getuid?.() !== 0) return null
  const entry = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('postgres:'))
  if (entry === undefined) throw new Error('there is no user "postgres": install the package postgresql')
  const [, , uid, gid] = entry.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** A PostgreSQL of its own, without a guarantee that anything is on disk. */
export async function startPostgres() {
  const [port = 0] = await freePorts(1)
  const { dir, remove } = ownDirectory('postgres')
  const user = otherUser()
  if (user !== null) chownSync(dir, user.uid, user.gid)
  // setpriv becomes the program, so that the pid is the server's. Another user's process has to say anew what it dies with.
  /** @param {string} name @param {string[]} args @returns {[string, string[]]} */
  const as = (name, ...args) => {
    const program = join(programs(), name)
    if (user === null) return [program, args]
    return ['setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=QUIT', program, ...args]]
  }
  const data = join(dir, 'data')
  await run(...as('initdb', '-D', data, '-U', 'tests', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'), { cwd: dir })
  // SIGQUIT: it ends its own processes, and does not tidy up.
  const [command, args] = as('postgres', '-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', dir, '-F', '-c', 'max_connections=300')
  const server = await startServer(command, args, () => accepts(port), { cwd: dir, end: 'SIGQUIT' })
  return {
    connection: { host: '127.0.0.1', port, user: 'tests', database: 'postgres', migrate: true },
    pid: server.pid,
    stop: async () => {
      await server.stop()
      remove()
    },
  }
}
