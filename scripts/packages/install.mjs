/** Installs a package, by name and pinned version, into a project of its own. */

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { npm } from '../run.mjs'

/** @typedef {import('./package.d.ts').Package} Package */

const TIMEOUT = 15 * 60_000

/** @param {Package} wanted @returns {string[]} */
function specs({ name, version, with: others = {} }) {
  return version === undefined ? [] : [`${name}@${version}`, ...Object.entries(others).map(([other, its]) => `${other}@${its}`)]
}

/**
 * Installs a package if it is not there yet, and returns whether it had to.
 * @param {Package} wanted
 * @param {string} pkg
 * @returns {Promise<boolean>}
 */
export async function install(wanted, pkg) {
  const wants = specs(wanted).join(' ')
  const mark = join(pkg, '.installed')
  if (wants === '' || (existsSync(mark) && readFileSync(mark, 'utf8') === wants)) return false
  rmSync(join(pkg, 'node_modules'), { recursive: true, force: true })
  const scripts = wanted.builds ? [] : ['--ignore-scripts']
  const options = ['install', '--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--loglevel=error', ...scripts]
  const [program, first] = npm
  // `--no-save` keeps npm from writing the project's package.json, which belongs to the job.
  await promisify(execFile)(program, [...first, ...options, ...specs(wanted)], { cwd: pkg, timeout: TIMEOUT, maxBuffer: 1 << 24 })
  writeFileSync(mark, wants)
  return true
}
