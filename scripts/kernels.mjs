/**
 * `npm run kernels`: boots the kernels of Debian's releases in virtual machines and runs doctor, the Rust tests of the
 * sandbox, all attacks, the demonstration and a list of JavaScript tests on each, as root and as an ordinary user.
 * After each kernel its rows of docs/kernels.md are written, so that a run that is cut off leaves what it found.
 *
 *     npm run kernels -- [--only KERNEL] [--as root|user] [--suite COLUMN]... [--dry]
 *     npm run kernels -- --short     doctor, the Rust tests and some attacks on the oldest kernel that holds the sandbox
 *
 * `--only` runs one kernel, `--as` one user's tasks and `--suite` the named columns, and the rest of the table stays; `--short` and `--dry` write nothing. Needs Debian on x64 with
 * `qemu-system-x86 busybox-static xz-utils gcc`: scripts/kernels/install.
 */

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { compile } from '../__test__/support/attack-natives.mjs'
import { KERNELS, SHORT } from './kernels/list.mjs'
import { fetchKernel } from './kernels/packages.mjs'
import { rowsOf, SUITES, tableOf, withRows } from './kernels/report.mjs'
import { full, short } from './kernels/suites.mjs'
import { hostNode, root } from './run.mjs'
import { setup } from './setup.mjs'
import { boot } from './virtual-machine/boot.mjs'

const MINUTE = 60_000
/** An idle machine takes 3 minutes for the short form, a busy one twice as long; a whole kernel was never timed. */
const BOUND = { short: 12 * MINUTE, full: 240 * MINUTE }
const PAGE = join(root, 'docs/kernels.md')

/** @type {{ short?: boolean, only?: string, as?: string, suite?: string[], dry?: boolean }} */
const options = parseArgs({ options: { short: { type: 'boolean' }, only: { type: 'string' }, as: { type: 'string' }, suite: { type: 'string', multiple: true }, dry: { type: 'boolean' } } }).values
const only = options.short ? SHORT : options.only
const chosen = KERNELS.filter(({ name }) => only === undefined || name === only)
if (chosen.length === 0) throw new Error(`--only takes one of: ${KERNELS.map(({ name }) => name).join(', ')}`)
if (options.as !== undefined && !['root', 'user'].includes(options.as)) throw new Error('--as takes root or user')
if (options.suite?.some((name) => !SUITES.includes(name))) throw new Error(`--suite takes one of: ${SUITES.join(', ')}`)

/** @param {import('./kernels/guest.mjs').Task[]} tasks @param {'root' | 'user'} who */
const asked = (tasks, who) => (options.as === undefined || options.as === who ? tasks.filter(({ suite }) => options.suite === undefined || options.suite.includes(suite)) : [])

/**
 * Boots a machine for one user's tasks.
 * @param {string} unpacked @param {import('./kernels/list.mjs').Kernel} kernel @param {string} name
 * @param {Omit<import('./kernels/guest.mjs').Plan, 'directory' | 'landlock'>} what
 * @returns {Promise<any[]>} what it told
 */
async function machine(unpacked, { landlock }, name, what) {
  if (what.tasks.length === 0) return []
  const plan = join(root, `target/kernels/${name}.json`)
  writeFileSync(plan, JSON.stringify({ directory: root, landlock, ...what }))
  /** @type {any[]} */
  const seen = []
  await boot(unpacked, {
    init: join(root, 'scripts/virtual-machine/init.sh'),
    words: { script: join(root, 'scripts/kernels/guest.mjs'), node: hostNode, plan, directory: root },
    // Acceleration inside of a virtual machine, such as CI's, is there and does not always work.
    emulated: true,
    // An emulated processor that translates new code makes all others of its machine wait: two machines do more.
    processors: 1,
    bound: options.short ? BOUND.short : BOUND.full,
    hear(line) {
      const row = line.match(/^SEEN (.*)$/)?.[1]
      if (row === undefined) return void process.stdout.write(`${line}\n`)
      const told = JSON.parse(row)
      seen.push(told)
      const { failures = [], ...brief } = told
      process.stdout.write(`${Math.round(process.uptime())} s: ${JSON.stringify(brief)}\n${failures.map((/** @type {string} */ text) => `${text}\n`).join('')}`)
    },
  })
  return seen
}

/** @param {import('./kernels/list.mjs').Kernel} kernel */
async function runKernel(kernel) {
  const unpacked = fetchKernel(kernel)
  const all = options.short ? short() : full(kernel)
  const tasks = { alone: asked(all.alone, 'root'), root: asked(all.root, 'root'), user: asked(all.user, 'user') }
  mkdirSync(join(root, 'target/kernels'), { recursive: true })
  process.stdout.write(`\n=== Linux ${kernel.name} of ${kernel.suite}\n`)
  const first = await machine(unpacked, kernel, 'alone', { who: 'root', tasks: tasks.alone })
  const both = await Promise.all((/** @type {const} */ (['root', 'user'])).map((who) => machine(unpacked, kernel, who, { who, tasks: tasks[who] })))
  return rowsOf({ kernel, tasks, seen: [...first, ...both.flat()] }, new Date().toISOString().slice(0, 10))
}

await setup()
compile()
/** @type {import('./kernels/report.mjs').Row[]} */
const rows = []
for (const kernel of chosen) {
  const found = await runKernel(kernel)
  rows.push(...found)
  if (!options.short && !options.dry) writeFileSync(PAGE, withRows(readFileSync(PAGE, 'utf8'), found))
}
const problems = [...new Set(rows.flatMap((row) => row.problems))]
process.stdout.write(`\n${tableOf(rows)}\n\n${problems.join('\n\n')}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
