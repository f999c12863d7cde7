/** A project with this package, its addon and a bundler installed in it, as a user has it, and a host to bundle. */

import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

import { npm, root } from '../run.mjs'

const TIMEOUT = 10 * 60_000

export const HOST = `
  import { Manager, isBunAvailable } from 'toolwarden'
  async function main() {
    const manager = new Manager(process.argv[2], { entrypointPath: './tools.mjs' })
    const error = await manager.executeTool('throws').catch((error) => error)
    console.log(JSON.stringify([await manager.executeTool('answers'), error.code, error.stack.includes('/out.'), isBunAvailable()]))
    await manager.close()
  }
  main()
`
export const TOOLS = "export const answers = () => 7\nexport const throws = () => { throw new Error('no') }\n"
/** What the host prints: the result, the error's code, that its stack names the caller in the bundle, that Bun is found. */
export const GOOD = '[7,"ERR_TOOL_THREW",true,true]'

/** @param {string} directory @param {string[]} args @param {Record<string, string>} [env] */
export const node = (directory, args, env = {}) =>
  promisify(execFile)(process.execPath, args, { cwd: directory, env: { ...process.env, ...env }, timeout: TIMEOUT, maxBuffer: 1 << 24 })

/** @param {string} directory @param {string[]} packages */
async function install(directory, packages) {
  const [program, first] = npm
  const options = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--loglevel=error']
  // commander is this package's own dependency; Bun runs the tools.
  await promisify(execFile)(program, [...first, ...options, 'bun@1', 'commander@14', ...packages], { cwd: directory, timeout: TIMEOUT, maxBuffer: 1 << 24 })
}

/** This package as npm would install it. @param {string} directory */
function installOwn(directory) {
  const addon = readdirSync(root).find((name) => name.endsWith('.node'))
  if (addon === undefined) throw new Error('the addon is not built: npm run build')
  const platform = addon.split('.')[1] ?? ''
  const installed = (/** @type {string[]} */ ...path) => join(directory, 'node_modules', ...path)
  for (const name of ['toolwarden', `toolwarden-${platform}`]) mkdirSync(installed(name), { recursive: true })
  for (const file of ['package.json', 'index.js', 'index.cjs', 'js']) cpSync(join(root, file), installed('toolwarden', file), { recursive: true })
  copyFileSync(join(root, 'npm', platform, 'package.json'), installed(`toolwarden-${platform}`, 'package.json'))
  copyFileSync(join(root, addon), installed(`toolwarden-${platform}`, addon))
}

/** @param {string} directory @param {import('./rows.mjs').Bundler} bundler */
export async function makeProject(directory, { packages, files }) {
  const fresh = !existsSync(join(directory, 'node_modules'))
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) if (name !== 'node_modules') rmSync(join(directory, name), { recursive: true })
  const all = { 'package.json': '{"private":true,"type":"module"}\n', 'host.mjs': HOST, 'tools/tools.mjs': TOOLS, ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  if (fresh) await install(directory, packages)
  installOwn(directory)
}
