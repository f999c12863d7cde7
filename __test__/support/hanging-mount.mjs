/** A mount that hangs, for tests of what must not wait for it. */

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { bounded } from './waiting.mjs'

const source = fileURLToPath(new URL('../fixtures/mounts/hanging.c', import.meta.url))

/**
 * Mounts a file system that answers nothing on a directory of its own, which takes root and /dev/fuse. `path`: below it,
 * whatever looks there waits. `release` takes the mount away and ends every wait; it is to be called in any case, and when the
 * test's process ends without that, the mount goes with it.
 */
export async function hangingMount() {
  const dir = mkdtempSync(join(tmpdir(), 'toolwarden-hangs-'))
  const program = join(dir, 'hanging')
  const place = join(dir, 'mount')
  mkdirSync(place)
  execFileSync('cc', ['-O1', '-Wall', '-Werror', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] })
  const daemon = spawn(program, [place], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => daemon.once('close', resolve))
  const release = async () => {
    daemon.stdin.end()
    await bounded(ended, 'the mount to go').finally(() => daemon.kill('SIGKILL'))
    // Nothing in it is looked at: the directory is empty once the mount is gone, and not removed while it is there.
    rmSync(dir, { recursive: true, force: true })
  }
  const mounted = new Promise((resolve, reject) => {
    daemon.stdout.once('data', resolve)
    ended.then((code) => reject(new Error(`the hanging mount could not be made: exit code ${code}`)), reject)
  })
  try {
    await bounded(mounted, 'the mount')
  } catch (error) {
    await release()
    throw error
  }
  return { path: join(place, 'file'), release }
}
