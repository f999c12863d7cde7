/** Finds the packages and programs that a new project needs and does not have. */

import { existsSync } from 'node:fs'
import path from 'node:path'

/** Whether the directory or one above it contains the package, where an import would find it. @param {string} name @param {string} dir @returns {boolean} */
function isInstalled(name, dir) {
  if (existsSync(path.join(dir, 'node_modules', name, 'package.json'))) return true
  const parent = path.dirname(dir)
  return parent !== dir && isInstalled(name, parent)
}

/** @param {string | undefined} searched the variable PATH */
const hasBun = (searched = '') => searched.split(path.delimiter).some((dir) => path.isAbsolute(dir) && existsSync(path.join(dir, 'bun')))

/**
 * @param {string} dir
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
export function missingPackages(dir, env) {
  const missing = ['toolwarden', 'bun', '@modelcontextprotocol/sdk'].filter((name) => !isInstalled(name, dir))
  return hasBun(env.PATH) ? missing.filter((name) => name !== 'bun') : missing
}
