/**
 * `npm run cgroup-vm`: tests what a delegated cgroup v2 enforces, in a virtual machine whose root file system is this
 * machine's, mounted read-only. Few machines that build software have such a cgroup to delegate. Writes the results
 * into docs/limits.md; with `--dry` it does not.
 *
 * Needs Linux x64 with `qemu-system-x86 busybox-static xz-utils dpkg-dev gcc` of Debian, and an unpacked Debian kernel
 * package of 6.7 or later: `apt-get download linux-image-...-amd64 && dpkg -x linux-image-*.deb kernel`, then
 * `npm run cgroup-vm -- kernel`.
 */

import { execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { compile } from '../__test__/support/attack-natives.mjs'
import { archive } from './cgroup-vm/archive.mjs'
import { report } from './cgroup-vm/report.mjs'
import { hostNode, root } from './run.mjs'

/**
 * The kernel modules that the virtual machine needs to mount this machine's file system, each after those that it
 * depends on.
 */
const MODULES = ['virtio', 'virtio_ring', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'netfs', '9pnet', '9pnet_virtio', '9p']
/** The limit for the whole run, in milliseconds: it takes some minutes if the processor has to be emulated. */
const BOUND = 15 * 60_000

const kernel = process.argv.slice(2).find((argument) => !argument.startsWith('--'))
if (kernel === undefined) throw new Error('usage: npm run cgroup-vm -- DIRECTORY_OF_AN_UNPACKED_KERNEL_PACKAGE')

const files = readdirSync(kernel, { recursive: true }).map(String)
/** @param {RegExp} name */
const find = (name) => files.find((file) => name.test(file))
const image = find(/(^|\/)vmlinuz[^/]*$/)
if (image === undefined) throw new Error(`no vmlinuz below ${kernel}`)

/** @param {string} file */
const unpacked = (file) =>
  file.endsWith('.xz') ? execFileSync('xz', ['-dc', file], { maxBuffer: 64 * 1024 * 1024 }) : readFileSync(file)

/** @param {string} below the unpacked kernel package */
function initialFiles(below) {
  const modules = MODULES.flatMap((name, at) => {
    const file = find(new RegExp(`/${name}\\.ko(\\.xz)?$`))
    return file === undefined ? [] : [{ name: `modules/${String(at).padStart(2, '0')}.ko`, content: unpacked(join(below, file)) }]
  })
  return archive([
    ...['bin', 'modules', 'proc', 'dev', 'new'].map((name) => ({ name })),
    { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    { name: 'init', content: readFileSync(join(root, 'scripts/cgroup-vm/init.sh')), mode: 0o755 },
    ...modules,
  ])
}

/**
 * Whether hardware acceleration is used. `--emulate` switches it off, which helps where virtual machines inside of this
 * one do not work.
 */
function isAccelerated() {
  if (process.argv.includes('--emulate')) return false
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

compile()
const built = join(root, 'target/cgroup-vm')
mkdirSync(built, { recursive: true })
writeFileSync(join(built, 'initial'), initialFiles(kernel))
const machine = spawn(
  'qemu-system-x86_64',
  [
    ...(isAccelerated() ? ['-machine', 'q35,accel=kvm', '-cpu', 'host,-arch-capabilities'] : ['-machine', 'q35,accel=tcg', '-cpu', 'max']),
    '-smp', '2', '-m', '3072', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
    '-kernel', join(kernel, image), '-initrd', join(built, 'initial'),
    '-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap',
    '-append', `console=ttyS0 quiet panic=-1 mitigations=off project=${root} node=${hostNode}`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const tooLong = setTimeout(() => machine.kill('SIGKILL'), BOUND)
/** @type {any[]} */
const seen = []
for await (const line of createInterface({ input: machine.stdout })) {
  const text = line.trim()
  process.stdout.write(`${text}\n`)
  const row = text.match(/^SEEN (.*)$/)?.[1]
  if (row !== undefined) seen.push(JSON.parse(row))
}
clearTimeout(tooLong)

const { text, good } = report(seen)
if (process.argv.includes('--dry') || !good) process.stdout.write(`\n${text}`)
else {
  const page = join(root, 'docs/limits.md')
  const [before, after] = readFileSync(page, 'utf8').split(/<!-- cgroup-vm -->\n[^]*<!-- \/cgroup-vm -->\n/)
  writeFileSync(page, `${before}<!-- cgroup-vm -->\n${text}<!-- /cgroup-vm -->\n${after}`)
}
process.exitCode = good ? 0 : 1
