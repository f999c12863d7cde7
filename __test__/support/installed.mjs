/** This package as it is installed in a project's node_modules, with or without what package managers may leave out. */

import { copyFileSync, cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { REAL_BUN } from './project.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const ADDON = readdirSync(root).find((name) => name.endsWith('.node'))
const PLATFORM = ADDON.split('.')[1]

/** The name of the package with the addon for this machine. */
export const PLATFORM_PACKAGE = `toolwarden-${PLATFORM}`

/**
 * Returns the paths of what it installed.
 * @param {string} dir @param {{ addon?: boolean, bun?: boolean }} [parts]
 */
export function installInto(dir, { addon = true, bun = true } = {}) {
  const installed = (/** @type {string} */ path) => join(dir, 'node_modules', path)
  mkdirSync(installed('.'), { recursive: true })
  for (const file of ['package.json', 'index.js', 'index.cjs', 'js']) cpSync(join(root, file), installed(join('toolwarden', file)), { recursive: true })
  symlinkSync(join(root, 'node_modules/commander'), installed('commander'))
  if (bun) symlinkSync(dirname(dirname(REAL_BUN)), installed('bun'))
  if (!addon) return installed
  mkdirSync(installed(PLATFORM_PACKAGE))
  copyFileSync(join(root, 'npm', PLATFORM, 'package.json'), installed(join(PLATFORM_PACKAGE, 'package.json')))
  copyFileSync(join(root, ADDON), installed(join(PLATFORM_PACKAGE, ADDON)))
  return installed
}
