import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

import { freePorts, ownDirectory, startServer } from './process.mjs'

/** The server's program in the npm package. It is started without the package's script, so that the pid is the server's. */
function program() {
  const require = createRequire(createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'))
  return join(dirname(require.resolve(`@restatedev/restate-server-linux-${process.arch}/package.json`)), 'bin/restate-server')
}

/** @param {number} port @param {string} path */
const healthy = (port, path) => fetch(`http://127.0.0.1:${port}${path}`).then(({ ok }) => ok, () => false)

/** Starts a Restate server for the caller alone. */
export async function startRestate() {
  const [ingress = 0, admin = 0, node = 0] = await freePorts(3)
  const { dir, remove } = ownDirectory('restate')
  const env = {
    ...process.env,
    RESTATE_BASE_DIR: dir,
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256MB',
    RESTATE_DEFAULT_NUM_PARTITIONS: '2',
    RESTATE_LOG_FILTER: 'warn',
  }
  const ready = async () => (await healthy(admin, '/health')) && (await healthy(ingress, '/restate/health'))
  const server = await startServer(program(), ['--no-logo'], ready, { env, cwd: dir })
  return {
    ingress: `http://127.0.0.1:${ingress}`,
    admin: `http://127.0.0.1:${admin}`,
    pid: server.pid,
    stop: async () => {
      await server.stop()
      remove()
    },
  }
}
