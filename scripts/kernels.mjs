/**
 * `npm run kernels`: boots the kernels of Debian's releases in virtual machines and runs doctor, the Rust tests of the
 * sandbox, all attacks, the demonstration and a list of JavaScript tests on each, as root and as an ordinary user.
 * After each program its record (scripts/kernels/ran.json) and the rows of docs/kernels.md are written, so that a run that is cut off
 * leaves what it found and another one can go on with the rest.
 *
 *     npm run kernels -- [--only KERNEL] [--as root|user] [--suite COLUMN]... [--file NAME]... [--missing] [--dry]
 *     npm run kernels -- --short     doctor, the Rust tests and some attacks on the oldest kernel that holds the sandbox
 *
 * `--only` runs one kernel, `--as` one user's tasks, `--suite` the named columns, `--file` the named files of them and `--missing` what has
 * no record on this release of the kernel; the rest of the table stays. `--short` and `--dry` write nothing. Needs Debian on x64 with
 * `qemu-system-x86 busybox-static xz-utils gcc`: scripts/kernels/install.
 */

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { compile } from '../__test__/support/attack-natives.mjs'
import { KERNELS, SHORT } from './kernels/list.mjs'
import { fetchKernel } from './kernels/packages.mjs'
import { hasRecord, recordOf, textOf, withRecord } from './kernels/records.mjs'
import { problemsOf, rowsOf, SUITES, tableOf, withRows } from './kernels/report.mjs'
import { full, short } from './kernels/suites.mjs'
import { hostNode, root } from './run.mjs'
import { setup } from './setup.mjs'
import { boot } from './virtual-machine/boot.mjs'

const MINUTE = 60_000
/** An idle machine takes 3 minutes for the short form, a busy one twice as long; a whole kernel was never timed. */
const BOUND = { short: 12 * MINUTE, full: 240 * MINUTE }
const PAGE = join(root, 'docs/kernels.md')
const RECORDS = join(root, 'scripts/kernels/ran.json')

/** @type {{ short?: boolean, only?: string, as?: string, suite?: string[], file?: string[], missing?: boolean, dry?: boolean }} */
const options = parseArgs({
  options: {
    short: { type: 'boolean' },
    only: { type: 'string' },
    as: { type: 'string' },
    suite: { type: 'string', multiple: true },
    file: { type: 'string', multiple: true },
    missing: { type: 'boolean' },
    dry: { type: 'boolean' },
  },
}).values
const only = options.short ? SHORT : options.only
const chosen = KERNELS.filter(({ name }) => only === undefined || name === only)
if (chosen.length === 0) throw new Error(`--only takes one of: ${KERNELS.map(({ name }) => name).join(', ')}`)
if (options.as !== undefined && !['root', 'user'].includes(options.as)) throw new Error('--as takes root or user')
if (options.suite?.some((name) => !SUITES.includes(name))) throw new Error(`--suite takes one of: ${SUITES.join(', ')}`)

/** @returns {import('./kernels/records.mjs').Record[]} */
const recorded = () => JSON.parse(readFileSync(RECORDS, 'utf8'))
const writes = options.short !== true && options.dry !== true

/** @param {string} kernel @param {string} release */
const asked = (kernel, release) => (/** @type {import('./kernels/guest.mjs').Task[]} */ tasks, /** @type {'root' | 'user'} */ who) =>
  tasks.filter(
    ({ suite, name }) =>
      (options.as ?? who) === who &&
      (options.suite?.includes(suite) ?? true) &&
      (options.file?.includes(name) ?? true) &&
      !(options.missing === true && hasRecord(recorded(), { kernel, release, who, suite, name })),
  )

/**
 * Boots a machine for one user's tasks.
 * @param {string} unpacked @param {import('./kernels/list.mjs').Kernel} kernel @param {string} name
 * @param {Omit<import('./kernels/guest.mjs').Plan, 'directory' | 'landlock'>} what
 * @param {(told: any, release: string) => void} remember is called with what each program showed
 * @returns {Promise<any[]>} what it told
 */
async function machine(unpacked, { landlock }, name, what, remember) {
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
      if (told.kind === 'task') remember(told, seen[0].release)
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
  const wanted = asked(kernel.name, basename(unpacked).replace(/^linux-image-/, ''))
  const tasks = { alone: wanted(all.alone, 'root'), root: wanted(all.root, 'root'), user: wanted(all.user, 'user') }
  mkdirSync(join(root, 'target/kernels'), { recursive: true })
  process.stdout.write(`\n=== Linux ${kernel.name} of ${kernel.suite}\n`)
  /** @type {import('./kernels/records.mjs').Record[]} */
  let own = []
  const remember = (/** @type {any} */ told, /** @type {string} */ release) => {
    const record = recordOf({ kernel: kernel.name, release, day: new Date().toISOString().slice(0, 10) }, told)
    own = withRecord(own, record)
    if (!writes) return
    // Another run may have written in the meantime.
    const records = withRecord(recorded(), record)
    writeFileSync(RECORDS, textOf(records))
    writeFileSync(PAGE, withRows(readFileSync(PAGE, 'utf8'), rowsOf(kernel, all, records)))
  }
  const first = await machine(unpacked, kernel, 'alone', { who: 'root', tasks: tasks.alone }, remember)
  const both = await Promise.all((/** @type {const} */ (['root', 'user'])).map((who) => machine(unpacked, kernel, who, { who, tasks: tasks[who] }, remember)))
  return { rows: rowsOf(kernel, tasks, own), problems: problemsOf(kernel.name, tasks, [...first, ...both.flat()]) }
}

await setup()
compile()
const found = []
for (const kernel of chosen) found.push(await runKernel(kernel))
const problems = [...new Set(found.flatMap((one) => one.problems))]
process.stdout.write(`\n${tableOf(found.flatMap(({ rows }) => rows))}\n\n${problems.join('\n\n')}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
