/**
 * Removes variables that Bun read from `.env` files. Bun reads those of the current directory into the environment
 * before any program runs. They belong to the author of the project, and must not configure this command
 * (TOOLWARDEN_SANDBOX), decide where its runtime is found (PATH) or what the user trusts (HOME, XDG_CONFIG_HOME).
 */

import { readFileSync } from 'node:fs'
import { RUN_WITH_NODE } from './hints.js'
import { UsageError } from './usage-error.js'

/** The environment a process was started with. @returns {Map<string, string>} */
function startedWith() {
  const pairs = readFileSync('/proc/self/environ', 'utf8').split('\0').filter((pair) => pair.includes('='))
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/**
 * Reverts what files have added to the environment, or changed in it. Returns why that is impossible, where it is.
 * @param {Pick<NodeJS.Process, 'env' | 'versions' | 'platform'>} process
 */
export function keepOwnEnvironment({ env, versions, platform }) {
  if (versions.bun === undefined) return undefined
  if (platform !== 'linux') {
    return new UsageError('under Bun, this system does not tell which variables the command was started with and which are from .env files', RUN_WITH_NODE)
  }
  const own = startedWith()
  for (const name of Object.keys(env)) if (!own.has(name)) delete env[name]
  for (const [name, value] of own) if (env[name] !== value) env[name] = value
  return undefined
}
