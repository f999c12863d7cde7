/** The targets of the probes: a folder with the probe tools, a file and a folder outside this folder, a port, and a variable. */

import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'

export const VARIABLE = 'DOCTOR_PROBE'

/**
 * @typedef {object} Probe
 * @property {string} kind and id of the tool
 * @property {unknown} input
 * @property {string} flag that allows it
 */

/** A new directory in the first place that can be written: a container may have no /tmp. */
async function makeRoot() {
  const places = [tmpdir(), process.env.XDG_RUNTIME_DIR, '/var/tmp', '/dev/shm', process.cwd()]
  let refused
  for (const place of places) {
    if (place === undefined || !path.isAbsolute(place)) continue
    try {
      return await mkdtemp(path.join(place, 'toolwarden-doctor-'))
    } catch (error) {
      refused ??= error
    }
  }
  throw refused
}

/**
 * Removes the site when `use` has ended.
 * @template T
 * @param {(site: { dir: string, probes: Probe[] }) => Promise<T>} use
 */
export async function withProbeSite(use) {
  const root = await realpath(await makeRoot())
  const server = createServer((socket) => socket.destroy())
  try {
    const dir = path.join(root, 'project')
    const outside = path.join(root, 'outside')
    await Promise.all([mkdir(dir), mkdir(outside)])
    await copyFile(new URL('probe-tools.js', import.meta.url), path.join(dir, 'tools.mjs'))
    const secret = path.join(outside, 'secret.txt')
    await writeFile(secret, 'secret')
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.env[VARIABLE] = 'visible'
    return await use({
      dir,
      probes: [
        { kind: 'read', input: { path: secret }, flag: `--allow-read=${secret}` },
        { kind: 'write', input: { path: path.join(outside, 'new.txt') }, flag: `--allow-write=${outside}` },
        { kind: 'net', input: { port }, flag: `--allow-net=127.0.0.1:${port}` },
        { kind: 'env', input: { name: VARIABLE }, flag: `--allow-env=${VARIABLE}` },
        { kind: 'run', input: { program: 'true' }, flag: '--allow-run=true' },
      ],
    })
  } finally {
    delete process.env[VARIABLE]
    server.close()
    await rm(root, { recursive: true, force: true })
  }
}
