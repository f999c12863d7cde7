import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { freePorts, ownDirectory, run, startServer } from './process.mjs'

/** The directory in which Debian puts the programs of the newest installed version. On other systems they are on PATH. */
function programs() {
  const place = '/usr/lib/postgresql'
  const versions = existsSync(place) ? readdirSync(place).toSorted((a, b) => Number(b) - Number(a)) : []
  return versions[0] === undefined ? '' : join(place, versions[0], 'bin')
}

/** PostgreSQL refuses to run as root, so for root it runs as the user that its package creates. */
function otherUser() {
  if (process.getuid?.() !== 0) return null
  const entry = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('postgres:'))
  if (entry === undefined) throw new Error('there is no user "postgres": install the package postgresql')
  const [, , uid, gid] = entry.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Starts a PostgreSQL server for the caller alone. It does not wait for the disk, so its data does not survive a crash. */
export async function startPostgres() {
  const [port = 0] = await freePorts(1)
  const { dir, remove } = ownDirectory('postgres')
  const user = otherUser()
  if (user !== null) chownSync(dir, user.uid, user.gid)
  // setpriv replaces itself by the program, so that the pid is the server's. The kernel clears the parent-death signal when the user
  // changes, so it is set again here.
  /** @param {string} name @param {string[]} args @returns {[string, string[]]} */
  const as = (name, ...args) => {
    const program = join(programs(), name)
    if (user === null) return [program, args]
    return ['setpriv', [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=QUIT', program, ...args]]
  }
  const data = join(dir, 'data')
  await run(...as('initdb', '-D', data, '-U', 'tests', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'), { cwd: dir })
  // On SIGQUIT the server ends its own processes at once, without cleaning up.
  const [command, args] = as('postgres', '-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', dir, '-F', '-c', 'max_connections=300')
  // The port accepts connections before the server answers them, so ask the server itself.
  const isReady = () => run(join(programs(), 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(() => true, () => false)
  const server = await startServer(command, args, isReady, { cwd: dir, end: 'SIGQUIT' })
  return {
    connection: { host: '127.0.0.1', port, user: 'tests', database: 'postgres', migrate: true },
    pid: server.pid,
    stop: async () => {
      await server.stop()
      remove()
    },
  }
}
