/** The system files that are readable without a flag, and files next to them that are not. */

import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const tools = './system-files.mjs'

const isRefused = (said) => ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(said)
const allRefused = ({ value }) => Array.isArray(value) && value.length > 0 && value.every(isRefused)
const allRead = ({ value }) => value.length > 0 && value.every((said) => typeof said === 'number' || said === 'EISDIR')
const read = (paths, holds, flags = []) => () => ({ flags, tool: 'readAll', input: { paths: paths() }, holds })

/** Only as far as the user who runs the tests may list it: root sees the names of the keys. */
const within = (directory) => {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}
const there = (paths) => paths.filter((path) => existsSync(path))

/** Needed by glibc, and by the compiler of the tests. */
const LIBRARIES = ['libresolv.so.2', 'libgcc_s.so.1', 'libm.so.6']
const KEYS = ['/etc/ssl/private', '/etc/pki/tls/private', '/etc/pki/nssdb', '/etc/pki/consumer', '/etc/ssh']
const keys = () => ['/etc/ssl', '/etc/pki', '/etc/shadow', ...KEYS, ...KEYS.flatMap(within)]
const certificates = () => there(['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/certs', '/etc/pki/tls/cert.pem', '/etc/ssl/openssl.cnf', '/usr/share/zoneinfo', '/etc/ld.so.cache'])

/** A library of the tests' own, outside of the project and of the loader's path. */
const ownLibrary = ({ dir, outside }) => {
  const path = join(outside, 'libown.so')
  copyFileSync(join(dir, 'libraries.node'), path)
  return { path }
}

export const attacks = [
  ...[[], ['--allow-read=/usr/share/zoneinfo']].map((flags) => ({
    name: `private keys that lie beside certificates are read with ${flags.join(' ') || 'no flag'}`,
    attack: read(keys, allRefused, flags),
    twin: read(certificates, allRead, flags),
  })),
  {
    name: 'files that lie beside the libraries are read',
    attack: read(() => ['/usr/lib', '/usr/lib/os-release', '/usr/local/lib', '/usr/libexec', '/opt', '/var/cache', '/var/lib', '/etc/passwd'], allRefused),
    twin: read(() => there(['/usr/lib/os-release']), allRead, ['--allow-read=/usr/lib']),
  },
  {
    name: 'what happens in control groups and on processors is read',
    attack: read(
      () => ['/sys', '/sys/fs/cgroup', '/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/memory/cgroup.procs', '/sys/fs/cgroup/memory/memory.usage_in_bytes', '/sys/fs/cgroup/memory.stat', '/sys/devices/system/cpu', '/sys/devices/system/cpu/cpu0/cpuidle/state0/usage', '/sys/class/net'],
      allRefused,
    ),
    twin: read(() => ['/sys/devices/system/cpu/online'], allRead),
  },
  {
    name: 'libraries that lie elsewhere are loaded',
    prepare: ownLibrary,
    attack: ({ prepared: { path } }) => ({ tool: 'loadAll', input: { names: [path, 'libown.so'] }, holds: ({ value }) => value.every((loaded) => !loaded) }),
    twin: ({ prepared: { path }, outside }) => ({
      flags: [`--allow-read=${outside}`],
      tool: 'loadAll',
      input: { names: [path, ...LIBRARIES] },
      holds: ({ value }) => value.every(Boolean),
    }),
  },
  {
    name: 'a library of the system is exchanged for others to load',
    attack: () => ({
      tool: 'openToWrite',
      input: { paths: there(['/etc/ld.so.cache', '/usr/share/zoneinfo/UTC', '/etc/ssl/certs/ca-certificates.crt', '/lib/x86_64-linux-gnu/libc.so.6', '/lib64/libc.so.6']) },
      holds: allRefused,
    }),
    twin: () => ({ tool: 'loadAll', input: { names: LIBRARIES }, holds: ({ value }) => value.every(Boolean) }),
  },
]
