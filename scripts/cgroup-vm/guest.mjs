/**
 * Runs inside the virtual machine as root: makes cgroups as an administrator who delegates them would, starts hosts in
 * them and checks them.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const mount = '/sys/fs/cgroup'
const host = fileURLToPath(new URL('host.mjs', import.meta.url))
const ORDINARY = 54_321

/** @param {any} row */
const tell = (row) => process.stdout.write(`SEEN ${JSON.stringify(row)}\n`)
/** @param {string} directory */
const below = (directory) => readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)

/**
 * Makes a parent cgroup, with a cgroup for the host in it, and gives it to a user.
 * @param {string} name
 * @param {number} user
 * @param {string} [controllers]
 */
function delegate(name, user, controllers = '+memory +pids') {
  const parent = join(mount, name)
  mkdirSync(join(parent, 'host'), { recursive: true })
  if (controllers !== '') writeFileSync(join(parent, 'cgroup.subtree_control'), controllers)
  for (const path of ['', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads', 'host', 'host/cgroup.procs']) chownSync(join(parent, path), user, user)
  return parent
}

/** Starts a host in `parent/host`. @param {string} parent @param {number} user @param {string[]} args */
function start(parent, user, args) {
  const script = `echo $$ > '${parent}/host/cgroup.procs' && exec setpriv --reuid ${user} --regid ${user} --clear-groups '${process.execPath}' '${host}' "$@"`
  return spawn('/bin/sh', ['-c', script, 'host', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/**
 * Runs a host to its end and passes on the rows that it printed.
 * @param {string} parent
 * @param {number} user
 * @param {string[]} args
 * @param {object} about
 */
async function run(parent, user, args, about) {
  const child = start(parent, user, args)
  for await (const line of createInterface({ input: child.stdout })) tell({ ...about, ...JSON.parse(line) })
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  tell({ ...about, kind: 'left', left: below(parent).filter((name) => name.startsWith('toolwarden-')), exit: child.exitCode })
}

writeFileSync(join(mount, 'cgroup.subtree_control'), '+memory +pids')
tell({ kind: 'machine', kernel: os.release(), memory: Math.round(os.totalmem() / 2 ** 20), lsm: readFileSync('/sys/kernel/security/lsm', 'utf8') })

for (const { user, name } of [{ user: 0, name: 'root' }, { user: ORDINARY, name: 'an ordinary user' }]) {
  const parent = delegate(`delegated-${user}`, user)
  await run(parent, user, ['limits'], { as: name })

  // A host that is killed leaves its directory behind; the next host removes it.
  const killed = start(parent, user, ['waits'])
  await once(createInterface({ input: killed.stdout }), 'line')
  const held = below(parent).filter((entry) => entry !== 'host').length
  killed.kill('SIGKILL')
  await once(killed, 'close')
  await run(parent, user, ['control'], { as: name, where: `after a host was killed that had ${held}` })

  const without = delegate(`without-${user}`, user, '')
  await run(without, user, ['control'], { as: name, where: 'no controllers' })

  const shared = delegate(`shared-${user}`, user)
  mkdirSync(join(shared, 'other.service'))
  await run(shared, user, ['control'], { as: name, where: 'beside others' })
  rmdirSync(join(shared, 'other.service'))
}
// The root of a cgroup tree may be the parent too.
const own = join(mount, 'host')
for (const name of below(mount)) if (name !== 'host') removeTree(join(mount, name))
mkdirSync(own, { recursive: true })
await run(mount, 0, ['control'], { as: 'root', where: 'below the root of the tree' })

/** @param {string} directory */
function removeTree(directory) {
  for (const name of below(directory)) removeTree(join(directory, name))
  rmdirSync(directory)
}
