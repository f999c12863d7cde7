/** Makes this machine's kernel look older to a program: scripts/kernels/older-kernel.c. */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import './about-the-sandbox.mjs'

const source = fileURLToPath(new URL('../../scripts/kernels/older-kernel.c', import.meta.url))

/**
 * Compiles the library into a temporary directory, which everybody may read because tests run as an ordinary user too.
 * @returns {{ dir: string, as: (version: string) => Record<string, string> }} the variables with which a program finds Linux `version`
 */
export function olderKernel() {
  const dir = mkdtempSync(join(tmpdir(), 'warden-older-kernel-'))
  chmodSync(dir, 0o755)
  const library = join(dir, 'older-kernel.so')
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', library, source], { stdio: ['ignore', 'ignore', 'inherit'] })
  return { dir, as: (version) => ({ OLDER_KERNEL: version, LD_PRELOAD: library }) }
}
