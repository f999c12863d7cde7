/** The tools of the attacks with their native helpers, for the attack tests and for the benchmark of floods. */

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const fixtures = fileURLToPath(new URL('../fixtures/attacks/', import.meta.url))
const built = fileURLToPath(new URL('../../target/attacks/', import.meta.url))

/** The attacks' native helpers, compiled once. */
export function compile() {
  mkdirSync(built, { recursive: true })
  const header = statSync(join(fixtures, 'native/napi.h')).mtimeMs
  for (const file of readdirSync(join(fixtures, 'native')).filter((name) => name.endsWith('.c'))) {
    const source = join(fixtures, 'native', file)
    const target = join(built, file.replace(/\.c$/, '.node'))
    if (existsSync(target) && statSync(target).mtimeMs > Math.max(header, statSync(source).mtimeMs)) continue
    const unfinished = `${target}.${process.pid}`
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', unfinished, source, '-lpthread'], { stdio: ['ignore', 'ignore', 'inherit'] })
    renameSync(unfinished, target)
  }
}

/** Puts every attack tool, and every native helper that `compile` made, into a project. @param {string} dir */
export function copyTools(dir) {
  for (const file of readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isFile())) copyFileSync(join(fixtures, file.name), join(dir, file.name))
  for (const file of readdirSync(built).filter((name) => name.endsWith('.node'))) copyFileSync(join(built, file), join(dir, file))
}
