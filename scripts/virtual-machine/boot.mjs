/**
 * Boots a Linux kernel in a virtual machine whose root file system is this machine's; what it writes there is lost with it. Needs Linux
 * x64 with `qemu-system-x86 busybox-static xz-utils` of Debian.
 */

import { execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { root } from '../run.mjs'
import { archive } from './archive.mjs'
import { SOCKETS } from './modules.mjs'

/**
 * The kernel modules that the virtual machine needs to mount this machine's file system, each after those that it
 * depends on. Not every kernel has all of them.
 */
const FILE_SYSTEM = ['virtio', 'virtio_ring', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'netfs', 'fscache', '9pnet', '9pnet_virtio', '9p', 'overlay']
const MODULES = [...FILE_SYSTEM, ...SOCKETS]

/** @param {string} file */
const unpacked = (file) =>
  file.endsWith('.xz') ? execFileSync('xz', ['-dc', file], { maxBuffer: 64 * 1024 * 1024 }) : readFileSync(file)

/** How many were booted by this process: each has a file of its own. */
let machines = 0

/** Whether hardware acceleration can be used. */
function hasAcceleration() {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * @param {string} kernel a directory with the unpacked packages of one kernel
 * @param {{ init: string, words: Record<string, string>, bound: number, emulated?: boolean, processors?: number, hear: (line: string) => void }} how `init` is the
 *   script of the first process, `words` are added to the kernel's command line; the machine is ended after `bound` milliseconds
 * @returns {Promise<void>} when the machine has ended
 */
export async function boot(kernel, { init, words, bound, emulated = false, processors = 2, hear }) {
  const files = readdirSync(kernel, { recursive: true }).map(String)
  /** @param {RegExp} name */
  const find = (name) => files.find((file) => name.test(file))
  const image = find(/(^|\/)vmlinuz[^/]*$/)
  if (image === undefined) throw new Error(`no vmlinuz below ${kernel}`)
  const modules = MODULES.flatMap((name, at) => {
    const file = find(new RegExp(`/${name}\\.ko(\\.xz)?$`))
    return file === undefined ? [] : [{ name: `modules/${String(at).padStart(2, '0')}.ko`, content: unpacked(join(kernel, file)) }]
  })
  const initial = join(root, 'target/virtual-machine', `${process.pid}.${++machines}.initial`)
  mkdirSync(dirname(initial), { recursive: true })
  writeFileSync(
    initial,
    archive([
      ...['bin', 'modules', 'proc', 'dev', 'new', 'outer', 'changes'].map((name) => ({ name })),
      { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
      { name: 'init', content: readFileSync(init), mode: 0o755 },
      ...modules,
    ]),
  )
  const added = Object.entries(words).map(([name, value]) => `${name}=${value}`)
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...(hasAcceleration() && !emulated ? ['-machine', 'q35,accel=kvm', '-cpu', 'host,-arch-capabilities'] : ['-machine', 'q35,accel=tcg,hpet=off', '-cpu', 'max,la57=off']),
      '-smp', String(processors), '-m', '3072', '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
      '-kernel', join(kernel, image), '-initrd', initial,
      '-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap',
      // An emulated processor's clocks look unsynchronized to the kernel, which would then ask a slow device for the time.
      '-append', ['console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check', ...added].join(' '),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const tooLong = setTimeout(() => machine.kill('SIGKILL'), bound)
  const stop = () => {
    machine.kill('SIGKILL')
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop)
  for await (const line of createInterface({ input: machine.stdout })) hear(line.trim())
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, stop)
  clearTimeout(tooLong)
  rmSync(initial)
}
