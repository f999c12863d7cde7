/**
 * Permission flags on the command line. They are removed before the parser sees them: their values are optional and
 * follow "=", and the core knows their grammar and reports mistakes.
 */

import { documentation } from '../documentation.js'
import { nodeFlag } from '../node-flags.js'

/** The long names of src/config/permissions/bun.rs; a test compares the two. */
export const PERMISSION_FLAGS = [
  '--allow-read',
  '--deny-read',
  '--allow-write',
  '--deny-write',
  '--allow-net',
  '--deny-net',
  '--allow-env',
  '--deny-env',
  '--allow-run',
  '--deny-run',
  '--allow-all',
]

const FLAG = /^(?:--(?:allow|deny|ignore)-|--permission$|-A$|-[RWNE](?:=|$))/

/** @param {string[]} args */
export function splitPermissionFlags(args) {
  const end = args.indexOf('--')
  const before = end === -1 ? args : args.slice(0, end)
  const after = end === -1 ? [] : args.slice(end)
  return {
    flags: before.filter((arg) => FLAG.test(arg)),
    rest: [...before.filter((arg) => !FLAG.test(arg)), ...after],
  }
}

/**
 * The configuration that the flags mean; empty without flags.
 * @param {string[]} flags
 * @param {unknown} runtime
 * @returns {import('../../index.d.ts').Config}
 */
export function permissionConfig(flags, runtime) {
  if (flags.length === 0) return {}
  if (runtime !== 'node') return { bunPermissions: flags }
  return { nodeOptions: flags.map(nodeFlag) }
}

/**
 * A list and one more flag. Without any permission Node's list means reading, which the flag must not take away.
 * @param {unknown} runtime
 * @param {readonly string[]} list
 * @param {string} flag
 * @returns {import('../../index.d.ts').Config}
 */
export function allowing(runtime, list, flag) {
  if (runtime !== 'node') return { bunPermissions: [...list, flag] }
  const means = list.some((option) => FLAG.test(option)) ? [] : ['--allow-read']
  return { nodeOptions: [...list, ...[...means, flag].map(nodeFlag)] }
}

export const PERMISSION_HELP = `
Permissions (default: --allow-read; any given replace it):
  --allow-read[=path,...]   --allow-write[=path,...]   --allow-net[=host[:port],...]
  --allow-env[=NAME,...]    --allow-run[=program,...]  --allow-all, -A
  --deny-read, --deny-write, --deny-net, --deny-env, --deny-run
The grammar: ${documentation('permissions')}`
