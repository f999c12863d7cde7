/**
 * `npm run kernels`: boots the kernels of Debian's releases in virtual machines and runs doctor, the Rust tests of the
 * sandbox, all attacks and a list of JavaScript tests on each, as root and as an ordinary user. Writes the table of
 * docs/kernels.md. `--short` runs doctor and the attacks on the oldest kernel that holds the sandbox, `--only NAME` one
 * kernel, `--dry` writes nothing; both of these imply it.
 *
 * Needs Debian on x64 with `qemu-system-x86 busybox-static xz-utils gcc`, and root: scripts/kernels/install.
 */

import { readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { compile } from '../__test__/support/attack-natives.mjs'
import { KERNELS, SHORT } from './kernels/list.mjs'
import { fetchKernel } from './kernels/packages.mjs'
import { table } from './kernels/report.mjs'
import { full, short } from './kernels/suites.mjs'
import { hostNode, root } from './run.mjs'
import { setup } from './setup.mjs'
import { boot } from './virtual-machine/boot.mjs'

const MINUTE = 60_000
const options = parseArgs({ options: { short: { type: 'boolean' }, only: { type: 'string' }, dry: { type: 'boolean' } } }).values
const only = options.short ? SHORT : options.only
const chosen = KERNELS.filter(({ name }) => only === undefined || name === only)
if (chosen.length === 0) throw new Error(`--only takes one of: ${KERNELS.map(({ name }) => name).join(', ')}`)

await setup()
compile()
const runs = []
for (const kernel of chosen) {
  const unpacked = fetchKernel(kernel)
  const plan = join(root, 'target/kernels/plan.json')
  mkdirSync(join(root, 'target/kernels'), { recursive: true })
  writeFileSync(plan, JSON.stringify({ directory: root, suites: options.short ? short() : full(kernel.landlock) }))
  process.stdout.write(`\n=== Linux ${kernel.name} of ${kernel.suite}\n`)
  /** @type {any[]} */
  const seen = []
  await boot(unpacked, {
    init: join(root, 'scripts/virtual-machine/init.sh'),
    words: { script: join(root, 'scripts/kernels/guest.mjs'), node: hostNode, plan },
    // Acceleration inside of a virtual machine, such as CI's, is there and does not always work.
    emulated: true,
    bound: (options.short ? 6 : 60) * MINUTE,
    hear(line) {
      const row = line.match(/^SEEN (.*)$/)?.[1]
      if (row === undefined) return void process.stdout.write(`${line}\n`)
      const told = JSON.parse(row)
      seen.push(told)
      const { stdout: _, stderr: __, ...brief } = told
      process.stdout.write(`${JSON.stringify(brief)}\n`)
    },
  })
  runs.push({ kernel, seen })
}
const { text, failures, good } = table(runs)
process.stdout.write(`\n${text}\n${failures.join('\n\n')}\n`)
if (good && only === undefined && !options.dry) {
  const page = join(root, 'docs/kernels.md')
  const [before, after] = readFileSync(page, 'utf8').split(/<!-- kernels -->\n[^]*<!-- \/kernels -->\n/)
  writeFileSync(page, `${before}<!-- kernels -->\n${text}<!-- /kernels -->\n${after}`)
}
process.exitCode = good ? 0 : 1
