/**
 * The directories in which packages are installed and jobs run. They are in the user's cache, so that a second run
 * installs nothing.
 */

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

import { samples } from './samples.mjs'

/** @typedef {import('./package.d.ts').Package} Package */

const tools = fileURLToPath(new URL('tools/', import.meta.url))

/** @param {string} name */
export const slug = (name) => name.replace('@', '').replace('/', '-')

/** @param {string | undefined} given */
export function scratch(given) {
  return given ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'toolwarden-packages')
}

/** Returns the directories of one package. @param {string} root @param {Package} wanted */
export function placeOf(root, wanted) {
  const name = slug(wanted.name)
  return { pkg: join(root, 'projects', name), data: join(root, 'work', name, 'data'), out: join(root, 'work', name, 'out') }
}

/** Writes the job as the project's entrypoint. @param {Package} wanted @param {string} pkg */
export function writeProject(wanted, pkg) {
  mkdirSync(pkg, { recursive: true })
  writeFileSync(join(pkg, 'package.json'), `${JSON.stringify({ name: 'tools', private: true, type: 'module' })}\n`)
  copyFileSync(join(tools, `${slug(wanted.name)}.mjs`), join(pkg, 'tools.mjs'))
  for (const [name, source] of Object.entries(wanted.beside ?? {})) copyFileSync(join(tools, source), join(pkg, name))
}

/**
 * Empties the work directories that an earlier run left.
 * @param {Package} wanted
 * @param {{ data: string, out: string }} place
 */
export function freshWork(wanted, { data, out }) {
  for (const directory of [data, out]) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
  }
  for (const name of wanted.files ?? []) {
    const content = samples[name]
    if (content === undefined) throw new Error(`${wanted.name}: there is no sample ${name}`)
    mkdirSync(dirname(join(data, name)), { recursive: true })
    writeFileSync(join(data, name), content())
  }
}
