/** Prepares a fresh clone: installs node modules and builds the addon. Does nothing if both are current. */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { npm, root, run } from './run.mjs'

/** @param {string} file */
const packagesOf = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages

/** Whether the installed packages are those of the lockfile; packages for other platforms may be absent. */
function modulesAreCurrent() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false
  const installed = packagesOf('node_modules/.package-lock.json')
  return Object.entries(packagesOf('package-lock.json')).every(([name, wanted]) => {
    if (name === '') return true
    const found = installed[name]
    return found === undefined ? wanted.optional === true : found.version === wanted.version
  })
}

/** What the addon is made of besides `src`; build.rs makes constants of the two modules in `js`. */
const BESIDE = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'package.json', 'js/hints.js', 'js/native-protocol.js']

/** One hash of everything that the addon is made of. File times cannot be used, because a checkout changes them. */
function sourcesHash() {
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const hash = createHash('sha256')
  for (const file of [...sources, ...BESIDE.map((name) => join(root, name))]) {
    hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

const stamp = join(root, 'target/addon.sha256')

/** @param {string} hash */
function addonIsCurrent(hash) {
  const built = readdirSync(root).some((name) => name.startsWith('toolwarden.') && name.endsWith('.node'))
  return built && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash
}

/** @param {string} what @param {string[]} args */
async function npmStep(what, args) {
  console.log(`setup: ${what}`)
  const [program, first] = npm
  const { status } = await run(program, [...first, ...args])
  if (status !== 0) throw new Error(`setup failed: ${what} (npm ${args.join(' ')} ended with ${status})`)
}

export async function setup() {
  // `npm ci` cannot be used: it refuses a lockfile that lacks an optional package of a foreign platform, and a registry
  // that does not have all of those yet makes such lockfiles. `npm install --no-save` keeps to the lockfile's versions
  // too, and does not write it.
  if (!modulesAreCurrent()) await npmStep('installing node modules', ['install', '--no-save'])
  const hash = sourcesHash()
  if (addonIsCurrent(hash)) return
  await npmStep('building the addon', ['run', 'build'])
  mkdirSync(join(root, 'target'), { recursive: true })
  writeFileSync(stamp, hash)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setup()
