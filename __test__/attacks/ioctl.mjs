/**
 * The effects that ioctl can have on a file that a tool may only read. Landlock covers opening for writing, and ioctl
 * does not need that.
 */

import { refused } from '../support/attacks.mjs'

export const tools = './descriptors.mjs'

const FIONREAD = 0x541b
const FS_IOC_GETFLAGS = 0x80086601
const SIOCGIFCONF = 0x8912

/** Requests that aim signals at others, as F_SETOWN does, or that take the host's terminal: refused whatever is allowed. */
const NEVER = { FIOSETOWN: 0x8901, SIOCSPGRP: 0x8902, TIOCSTI: 0x5412, TIOCSPGRP: 0x5410, PIDFD_GET_INFO: 0xc050ff0b }

/** Requests that change a file or a directory without it being open for writing, and one that no file system has yet. */
const CHANGES = {
  BTRFS_IOC_SUBVOL_CREATE: 0x5000940e,
  BTRFS_IOC_SNAP_CREATE: 0x50009401,
  BTRFS_IOC_SUBVOL_SETFLAGS: 0x4008941a,
  FS_IOC_SET_ENCRYPTION_POLICY: 0x800c6613,
  FS_IOC_ADD_ENCRYPTION_KEY: 0xc0506617,
  FS_IOC_ENABLE_VERITY: 0x40806685,
  FS_IOC_SETFLAGS: 0x40086602,
  FIDEDUPERANGE: 0xc0189436,
  'that is unknown': 0xc0207a7a,
}

/** Commands of fcntl of the same kinds: they aim signals, stall whoever opens the file, or change it. The last two are the newest and unknown. */
const COMMANDS = { F_SETOWN: 8, F_SETOWN_EX: 15, F_SETLEASE: 1024, F_SET_RW_HINT: 1036, F_SETDELEG: 1040, 'that is unknown': 1099 }
const F_GETFD = 1

const answered = (outcome) => outcome.error === undefined && !refused(outcome)

export const attacks = [
  ...Object.entries(NEVER).flatMap(([name, request]) =>
    [[], ['--allow-read', '--allow-write']].map((flags) => ({
      name: `${name}, with ${flags.join(' ') || 'no flag'}`,
      attack: () => ({ flags, tool: 'socketIoctl', input: { request }, holds: refused }),
      twin: () => ({ flags, tool: 'socketIoctl', input: { request: FIONREAD }, holds: ({ value }) => value === 0 }),
    })),
  ),
  ...Object.entries(CHANGES).map(([name, request]) => ({
    name: `a request ${name} on a directory that is readable`,
    attack: ({ outside }) => ({ flags: ['--allow-read'], tool: 'ioctl', input: { path: outside, request }, holds: refused }),
    // The kernel lets the file system decide about the request.
    twin: ({ outside }) => ({ flags: ['--allow-read', '--allow-write'], tool: 'ioctl', input: { path: outside, request }, holds: answered }),
  })),
  ...Object.entries(COMMANDS).flatMap(([name, command]) =>
    [['--allow-read'], ['--allow-read', '--allow-write', '--allow-run']].map((flags) => ({
      name: `a command ${name} on a file that is open for reading, with ${flags.join(' ')}`,
      attack: ({ outside }) => ({ flags, tool: 'control', input: { path: `${outside}/secret.txt`, command }, holds: refused }),
      twin: ({ outside }) => ({ flags, tool: 'control', input: { path: `${outside}/secret.txt`, command: F_GETFD }, holds: ({ value }) => value === 1 }),
    })),
  ),
  {
    name: 'every request that runtimes need stays',
    attack: ({ outside }) => ({ flags: ['--allow-read'], tool: 'ioctl', input: { path: outside, request: CHANGES.FS_IOC_SETFLAGS }, holds: refused }),
    twin: ({ outside }) => ({ flags: ['--allow-read'], tool: 'ioctl', input: { path: outside, request: FS_IOC_GETFLAGS }, holds: answered }),
  },
  ...[[], ['--allow-write'], ['--allow-net=127.0.0.1:9']].map((flags) => ({
    name: `the machine's network interfaces, asked of a pair of sockets, with ${flags[0] ?? 'no flag'}`,
    attack: () => ({ flags, tool: 'socketIoctl', input: { request: SIOCGIFCONF }, holds: refused }),
    twin: () => ({ flags: ['--allow-net'], tool: 'socketIoctl', input: { request: SIOCGIFCONF }, holds: ({ value }) => value === 0 }),
  })),
]
