/** Finds and loads the compiled addon: the one built in this folder, otherwise the one of the platform's package. */

import { readFileSync } from 'node:fs'
import nodeModule from 'node:module'
import process from 'node:process'
import { BUNDLED, here, isBundled } from './code-location.js'
import { oldBun, otherPlatform } from './no-native.js'

/**
 * Uses the module's default export, because webpack replaces calls of the named one and cannot follow these.
 *
 * The addon is searched from this file and, if that is part of a bundle, from the program too: the bundle may have been
 * made elsewhere.
 * @param {string} id
 */
function require(id) {
  try {
    return nodeModule.createRequire(here)(id)
  } catch (error) {
    const main = process.argv[1]
    if (!isBundled || Object(error).code !== 'MODULE_NOT_FOUND' || main === undefined || id.startsWith('.')) throw error
    return nodeModule.createRequire(main)(id)
  }
}

/** Platforms with a published package, by `process.platform` and `process.arch`. By C library, glibc first. */
const PLATFORMS = new Map([
  ['linux-x64', ['linux-x64-gnu', 'linux-x64-musl']],
  ['linux-arm64', ['linux-arm64-gnu', 'linux-arm64-musl']],
  ['darwin-arm64', ['darwin-arm64']],
  ['darwin-x64', ['darwin-x64']],
])

/** Before 1.4 most answers never reach a Bun host: calls hang that wait for the end of a process. @param {string} bun its version */
function isOld(bun) {
  const [major = 0, minor = 0] = bun.split('.').map(Number)
  return major < 1 || (major === 1 && minor < 4)
}

/** Whether this process runs on musl: its mappings show it, whatever else is installed. */
function runsOnMusl() {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-')
  } catch {
    return false
  }
}

/** @param {unknown} error */
const reasonOf = (error) => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))

/** @param {string} code @param {string} message @param {unknown} [cause] */
function loadError(code, message, cause) {
  return Object.assign(new Error(message, { cause }), { code })
}

/**
 * @param {{ platform?: string, arch?: string, load?: (id: string) => unknown, musl?: () => boolean, bundled?: boolean, bun?: string | undefined }} [host]
 * @returns {import('./native-interface.d.ts').NativeModule}
 */
export function loadNative({
  platform = process.platform,
  arch = process.arch,
  load = require,
  musl = runsOnMusl,
  bundled = isBundled,
  bun = process.versions.bun,
} = {}) {
  const triples = PLATFORMS.get(`${platform}-${arch}`)
  if (triples === undefined) return otherPlatform(platform, arch, [...PLATFORMS.keys()])
  if (bun !== undefined && isOld(bun)) return oldBun(bun)
  /** @type {unknown[]} */
  const failures = []
  // npm's `libc` field installs only the matching package, so the first that loads is the right one.
  for (const triple of triples) {
    for (const id of [`../toolwarden.${triple}.node`, `toolwarden-${triple}`]) {
      try {
        return /** @type {import('./native-interface.d.ts').NativeModule} */ (load(id))
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const broken = failures.find((failure) => Object(failure).code !== 'MODULE_NOT_FOUND')
  if (broken !== undefined) {
    throw loadError(
      'ERR_DLOPEN_FAILED',
      `toolwarden's native addon for ${platform} on ${arch} is installed but cannot be loaded: ${reasonOf(broken)}`,
      broken,
    )
  }
  const wanted = (musl() ? triples[1] : undefined) ?? triples[0]
  if (bundled) {
    throw loadError(
      'MODULE_NOT_FOUND',
      `toolwarden's native addon is not found: the package "toolwarden-${wanted}" is not installed where this program runs. ${BUNDLED}`,
      failures[0],
    )
  }
  throw loadError(
    'MODULE_NOT_FOUND',
    `toolwarden's native addon is missing: the package "toolwarden-${wanted}" is not installed. ` +
      'It is an optional dependency that package managers leave out when told to omit optional dependencies or when ' +
      'the lockfile was made on another platform: remove node_modules and the lockfile, then install again with ' +
      `optional dependencies enabled (npm install --include=optional), or add it with: npm install toolwarden-${wanted}`,
    failures[0],
  )
}
