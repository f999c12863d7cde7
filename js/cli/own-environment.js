/**
 * Removes variables that Bun read from `.env` files. Bun reads those of the current directory into the environment
 * before any program runs. They belong to the author of the project, and must not configure this command
 * (TOOLWARDEN_SANDBOX), decide where its runtime is found (PATH) or what the user trusts (HOME, XDG_CONFIG_HOME).
 */

import { readFileSync } from 'node:fs'

/** The environment a process was started with. @returns {Map<string, string>} */
function startedWith() {
  const pairs = readFileSync('/proc/self/environ', 'utf8').split('\0').filter((pair) => pair.includes('='))
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** Reverts what files have added to the environment, or changed in it. @param {NodeJS.Process} process */
export function keepOwnEnvironment({ env, versions }) {
  if (versions.bun === undefined) return
  const own = startedWith()
  for (const name of Object.keys(env)) if (!own.has(name)) delete env[name]
  for (const [name, value] of own) if (env[name] !== value) env[name] = value
}
