/** A tool that may start programs must see nothing of processes other than its own. */

import { spawn } from 'node:child_process'

export const tools = './files.mjs'

const OF_OTHERS = ['cmdline', 'environ', 'limits', 'maps', 'status', 'stat', 'comm', 'mountinfo', 'cgroup', 'io', 'net/tcp', 'net/unix', 'root/etc/hostname', 'fdinfo/0', 'cwd/package.json']

/** A process of the same user that the tool did not start. */
function other() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  return { pid: child.pid, close: () => child.kill('SIGKILL') }
}

const paths = ({ prepared: { pid } }) => [
  ...OF_OTHERS.map((name) => `/proc/${pid}/${name}`),
  ...['cmdline', 'stat', 'maps'].map((name) => `/proc/${pid}/task/${pid}/${name}`),
  ...['cmdline', 'environ', 'limits', 'maps'].map((name) => `/proc/${process.pid}/${name}`),
  `/proc/self/task/../../${pid}/cmdline`,
  `/proc/self/../${pid}/cmdline`,
  '/proc/1/cmdline',
  '/proc/net/tcp',
  '/proc/self/net/tcp',
  '/proc/thread-self/net/unix',
  '/proc/self/root/proc/1/cmdline',
  '/proc/kcore',
  '/proc/kmsg',
  '/proc/locks',
]

const isRefused = (said) => ['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR'].includes(said)

/** The runtimes that have the flags. */
const having = (flags) => (flags.some((flag) => flag.startsWith('--allow-run=')) ? { runtimes: ['bun'] } : {})

const ownByBoth = (flags) => () => ({
  flags,
  tool: 'readOwn',
  input: { program: '/bin/cat' },
  holds: ({ value }) => Array.isArray(value) && value.every((said) => said === 0),
})

const reading = [['--allow-run=/bin/cat'], ['--allow-run'], ['--allow-run', '--allow-read']].flatMap((flags) => [
  {
    name: `processes of others are read with ${flags.join(' ')}`,
    ...having(flags),
    prepare: other,
    attack: (place) => ({ flags, tool: 'readAll', input: { paths: paths(place) }, holds: ({ value }) => Array.isArray(value) && value.every(isRefused) }),
    twin: ownByBoth(flags),
  },
  {
    name: `processes of others are read by a program with ${flags.join(' ')}`,
    ...having(flags),
    prepare: other,
    attack: (place) => ({
      flags,
      tool: 'readByProgram',
      input: { program: '/bin/cat', paths: paths(place) },
      holds: ({ value }) => Array.isArray(value) && value.every((status) => status === 1),
    }),
    twin: ownByBoth(flags),
  },
])

export const attacks = [
  ...reading,
  {
    name: 'open descriptors of others are listed',
    prepare: other,
    attack: ({ prepared: { pid } }) => ({ flags: ['--allow-run'], tool: 'listOf', input: { path: `/proc/${pid}/fd` }, holds: ({ value }) => isRefused(value) }),
    twin: () => ({ flags: ['--allow-run'], tool: 'listOf', input: { path: '/proc/self/fd' }, holds: ({ value }) => value > 0 }),
  },
]
