/** Copies what of this project the tests of another machine need. */

import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { root } from '../run.mjs'
import { PACKAGES } from './suite.mjs'

const SOURCES = ['package.json', 'index.js', 'index.cjs', 'index.d.ts', 'index.d.cts', 'README.md', 'js', '__test__', 'scripts', 'src/worker/template', 'docs', 'examples']

/**
 * Copies the project to the same path below another root, with the addon and the Bun of that machine.
 * @param {string} top the other root
 * @param {{ platform: string, bun: string }} of the addon's platform, and a program
 */
export function copyProject(top, { platform, bun }) {
  const to = join(top, root)
  const copy = (/** @type {string} */ name, from = join(root, name)) => {
    mkdirSync(dirname(join(to, name)), { recursive: true })
    cpSync(from, join(to, name), { recursive: true, verbatimSymlinks: true })
  }
  for (const name of SOURCES) copy(name)
  for (const name of PACKAGES.filter((each) => existsSync(join(root, 'node_modules', each)))) copy(`node_modules/${name}`)
  copy('node_modules/bun/bin/bun.exe', bun)
  const addon = `toolwarden.${platform}.node`
  copy(addon, join(root, 'target/build-all/addons', addon))
}
