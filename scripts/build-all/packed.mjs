/** This package and its addons, packed as a release publishes them. */

import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { npm, root } from '../run.mjs'

/**
 * @typedef {object} Packed
 * @property {Record<string, any>} manifest
 * @property {Buffer} tarball
 * @property {string} filename
 * @property {string[]} files that it contains
 */

const read = (/** @type {string} */ file) => JSON.parse(readFileSync(file, 'utf8'))

/** @param {string} from @param {string} to */
function pack(from, to) {
  const [program, first] = npm
  const args = [...first, 'pack', '--json', '--ignore-scripts', '--pack-destination', to]
  const [{ filename, files }] = JSON.parse(execFileSync(program, args, { cwd: from, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  const names = files.map((/** @type {{ path: string }} */ { path }) => path)
  return { manifest: read(join(from, 'package.json')), tarball: readFileSync(join(to, filename)), filename, files: names }
}

/**
 * The packages by name, the platforms' first: the main one names them, so they are published before it. A platform
 * without an addon gets its package all the same: where it is installed, a package manager must leave it out.
 * @param {string} scratch
 * @param {string} [addons] the directory that holds them
 */
export function packAll(scratch, addons = root) {
  const staging = join(scratch, 'packed')
  rmSync(staging, { recursive: true, force: true })
  const main = join(staging, 'toolwarden')
  mkdirSync(main, { recursive: true })
  /** @type {Map<string, Packed>} */
  const packages = new Map()
  for (const platform of readdirSync(join(root, 'npm'))) {
    const folder = join(staging, platform)
    cpSync(join(root, 'npm', platform), folder, { recursive: true })
    const addon = `toolwarden.${platform}.node`
    if (existsSync(join(addons, addon))) copyFileSync(join(addons, addon), join(folder, addon))
    packages.set(`toolwarden-${platform}`, pack(folder, staging))
  }
  const manifest = read(join(root, 'package.json'))
  for (const name of [...manifest.files, 'README.md', 'LICENSE']) cpSync(join(root, name), join(main, name), { recursive: true })
  manifest.optionalDependencies = Object.fromEntries([...packages.keys()].map((name) => [name, manifest.version]))
  delete manifest.devDependencies
  writeFileSync(join(main, 'package.json'), JSON.stringify(manifest, null, 2))
  packages.set('toolwarden', pack(main, staging))
  return packages
}
