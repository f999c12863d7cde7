/**
 * `npm run cgroup-vm`: tests what a delegated cgroup v2 enforces, in a virtual machine whose root file system is this
 * machine's, mounted read-only. Few machines that build software have such a cgroup to delegate. Writes the results
 * into docs/limits.md; with `--dry` it does not. `--emulate` switches hardware acceleration off, which helps where
 * virtual machines inside of this one do not work.
 *
 * Needs Linux x64 with `qemu-system-x86 busybox-static xz-utils dpkg-dev gcc` of Debian, and an unpacked Debian kernel
 * package of 6.7 or later: `apt-get download linux-image-...-amd64 && dpkg -x linux-image-*.deb kernel`, then
 * `npm run cgroup-vm -- kernel`.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { compile } from '../__test__/support/attack-natives.mjs'
import { report } from './cgroup-vm/report.mjs'
import { hostNode, root } from './run.mjs'
import { boot } from './virtual-machine/boot.mjs'

/** The limit for the whole run, in milliseconds: it takes some minutes if the processor has to be emulated. */
const BOUND = 15 * 60_000

const kernel = process.argv.slice(2).find((argument) => !argument.startsWith('--'))
if (kernel === undefined) throw new Error('usage: npm run cgroup-vm -- DIRECTORY_OF_AN_UNPACKED_KERNEL_PACKAGE')

compile()
/** @type {any[]} */
const seen = []
await boot(kernel, {
  init: join(root, 'scripts/virtual-machine/init.sh'),
  words: { script: join(root, 'scripts/cgroup-vm/guest.mjs'), node: hostNode, directory: root },
  bound: BOUND,
  emulated: process.argv.includes('--emulate'),
  hear(text) {
    process.stdout.write(`${text}\n`)
    const row = text.match(/^SEEN (.*)$/)?.[1]
    if (row !== undefined) seen.push(JSON.parse(row))
  },
})

const { text, good } = report(seen)
if (process.argv.includes('--dry') || !good) process.stdout.write(`\n${text}`)
else {
  const page = join(root, 'docs/limits.md')
  const [before, after] = readFileSync(page, 'utf8').split(/<!-- cgroup-vm -->\n[^]*<!-- \/cgroup-vm -->\n/)
  writeFileSync(page, `${before}<!-- cgroup-vm -->\n${text}<!-- /cgroup-vm -->\n${after}`)
}
process.exitCode = good ? 0 : 1
