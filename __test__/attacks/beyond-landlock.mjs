/**
 * System calls that read or take something which no Landlock rule on files covers: attributes, limits of the machine,
 * limits of other processes, the page cache.
 */

import { release } from 'node:os'
import { join } from 'node:path'

import { refused } from '../support/attacks.mjs'

export const tools = './beyond-landlock.mjs'

const NONE = 'EOPNOTSUPP'
const works = ({ value }) => value === 0

/** Extended attributes of a file; `ENODATA` is the answer for a file that has none. */
const ATTRIBUTES = { getxattr: 'ENODATA', lgetxattr: 'ENODATA', getxattrat: 'ENODATA', listxattr: 0, llistxattr: 0, listxattrat: 0 }
/** Before Linux 6.13 the kernel has none of the newest calls, and there is nothing to take. */
const LATEST = new Set(['getxattrat', 'listxattrat'])
const [major = 0, minor = 0] = release().split('.').map(Number)
const isMissing = (call) => LATEST.has(call) && (major < 6 || (major === 6 && minor < 13))
const UNREADABLE = [[], ['--allow-read=/usr/share'], ['--allow-write']]

export const attacks = [
  ...Object.entries(ATTRIBUTES).flatMap(([call, none]) =>
    UNREADABLE.map((flags) => ({
      name: `${call} of a file that may not be read, with ${flags[0] ?? 'no flag'}`,
      attack: ({ outside }) => ({ flags, tool: 'attribute', input: { call, path: join(outside, 'secret.txt') }, holds: ({ value }) => value === NONE }),
      twin: ({ outside }) => ({ flags: ['--allow-read'], tool: 'attribute', input: { call, path: join(outside, 'secret.txt') }, holds: ({ value }) => value === (isMissing(call) ? 'ENOSYS' : none) }),
    })),
  ),
  ...['fgetxattr', 'flistxattr'].map((call) => ({
    name: `${call} of a file that may only be written`,
    attack: ({ open }) => ({ flags: [`--allow-write=${open}`], tool: 'ofDescriptor', input: { call, path: join(open, 'data.txt') }, holds: ({ value }) => value === NONE }),
    twin: ({ open }) => ({
      flags: ['--allow-read', `--allow-write=${open}`],
      tool: 'ofDescriptor',
      input: { call, path: join(open, 'data.txt') },
      holds: ({ value }) => value === ATTRIBUTES[call.slice(1)],
    }),
  })),
  ...[[], ['--allow-read', '--allow-write', '--allow-net', '--allow-run']].flatMap((flags) => [
    {
      name: `the machine's contexts of asynchronous input and output, with ${flags.length} flags`,
      attack: () => ({ flags, tool: 'aio', holds: refused }),
      twin: () => ({ flags, tool: 'eventfd', holds: works }),
    },
    {
      name: `the host's limits, with ${flags.length} flags`,
      attack: () => ({ flags, tool: 'limits', input: { whose: 'host' }, holds: refused }),
      twin: () => ({ flags, tool: 'limits', input: { whose: 'own' }, holds: works }),
    },
    {
      name: `what others have read of a file lately, with ${flags.length} flags`,
      attack: () => ({ flags, tool: 'raw', input: { call: 'cachestat' }, holds: refused }),
      twin: () => ({ flags, tool: 'limits', input: { whose: 'own' }, holds: works }),
    },
    {
      name: `another profile of the security module, with ${flags.length} flags`,
      attack: () => ({ flags, tool: 'raw', input: { call: 'lsm_set_self_attr' }, holds: refused }),
      twin: () => ({ flags, tool: 'limits', input: { whose: 'own' }, holds: works }),
    },
  ]),
]
