/** Makes this machine's kernel look older to a program: scripts/kernels/older-kernel.c and older-calls.c. */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import './about-the-sandbox.mjs'

/** @param {string} name */
const source = (name) => fileURLToPath(new URL(`../../scripts/kernels/${name}`, import.meta.url))

/** @param {string} dir @param {string[]} args @param {string} name without its ending */
function compiled(dir, args, name) {
  const made = join(dir, name)
  execFileSync('cc', [...args, '-O1', '-Wall', '-Werror', '-o', made, source(`${name}.c`)], { stdio: ['ignore', 'ignore', 'inherit'] })
  return made
}

/**
 * Compiles both into a temporary directory, which everybody may read because tests run as an ordinary user too.
 * @returns {{ dir: string, as: (version: string) => Record<string, string>, withCallsOf: (version: string) => string[] }} the variables with
 *   which a program finds Linux `version`, and the words before a program that takes newer system calls away
 */
export function olderKernel() {
  const dir = mkdtempSync(join(tmpdir(), 'warden-older-kernel-'))
  chmodSync(dir, 0o755)
  const library = compiled(dir, ['-shared', '-fPIC'], 'older-kernel')
  const launcher = compiled(dir, [], 'older-calls')
  return { dir, as: (version) => ({ OLDER_KERNEL: version, LD_PRELOAD: library }), withCallsOf: (version) => [launcher, version] }
}
