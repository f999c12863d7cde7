/** Ways to use memory, each limited by `maxMemoryMb`, and other resources of a machine that are limited. */

import { refused } from '../support/attacks.mjs'
import { REAL_BUN } from '../support/project.mjs'

export const tools = './memory.mjs'

const LIMIT = 256
/** Three fifths of the limit. */
const WELL_BELOW = 152
/** Twice the limit. */
const FAR_ABOVE = LIMIT * 2
/** Memory is measured every 10 ms, the hidden kind every 100 ms: a tool that goes on for longer than that is found. */
const LONG_ENOUGH = 5000
const config = { maxMemoryMb: LIMIT, toolExecutionTimeout: '60s' }

/** Memory that cannot be measured cannot be allocated; the same is possible in a way that can be measured. */
const UNCOUNTABLE = [
  ['shared', 'shared without a file', 'locked'],
  ['zero', '/dev/zero mapped shared', 'locked'],
  ['spliced', 'huge pages lent to pipes', 'pipes'],
  ['rulesets', 'rules of Landlock', 'locked'],
]

const outOfMemory = ({ error }) => error?.code === 'ERR_TOOL_OUT_OF_MEMORY' && /maxMemoryMb/.test(error.hint)
const holding = (way) => ({
  name: `memory: ${way}`,
  attack: () => ({ tool: 'hold', input: { way, mib: FAR_ABOVE, ms: LONG_ENOUGH }, config, holds: outOfMemory }),
  twin: () => ({ tool: 'hold', input: { way, mib: WELL_BELOW, ms: 300 }, config, holds: ({ value }) => value >= WELL_BELOW }),
})

export const attacks = [
  ...['buffers', 'objects', 'tables', 'locked', 'stacks'].map(holding),
  {
    // The number of descriptors limits how much fits: the memory is measured, or it stays below the limit.
    name: 'memory: sockets',
    attack: () => ({ tool: 'hold', input: { way: 'sockets', mib: FAR_ABOVE, ms: LONG_ENOUGH }, config: { ...config, maxMemoryMb: 64 }, holds: outOfMemory }),
    twin: () => ({ tool: 'hold', input: { way: 'sockets', mib: 8, ms: 300 }, config, holds: ({ value }) => value >= 8 }),
  },
  ...Object.entries({ left: 'sockets whose sender is closed', waiting: 'connections that nobody accepts' }).map(([way, name]) => ({
    name: `memory: ${name}`,
    attack: () => ({ tool: 'hold', input: { way, mib: FAR_ABOVE, ms: LONG_ENOUGH }, config: { ...config, maxMemoryMb: 64 }, holds: outOfMemory }),
    twin: () => ({ tool: 'hold', input: { way, mib: 8, ms: 300 }, config, holds: ({ value }) => value >= 8 }),
  })),
  {
    name: 'memory: pipes',
    attack: () => ({
      tool: 'hold',
      input: { way: 'pipes', mib: FAR_ABOVE, ms: 1000 },
      config,
      // The kernel gives an unprivileged user 64 MiB of pipes; on a machine that gives more, pipes are measured.
      holds: ({ value, error }) => outOfMemory({ error }) || value < LIMIT,
    }),
    twin: () => ({ tool: 'hold', input: { way: 'pipes', mib: 2, ms: 300 }, config, holds: ({ value }) => value >= 2 }),
  },
  ...UNCOUNTABLE.map(([way, name, twin]) => ({
    name: `memory: ${name}`,
    attack: () => ({ flags: ['--allow-read', '--allow-write'], tool: 'hold', input: { way, mib: FAR_ABOVE, ms: 300 }, config, holds: refused }),
    twin: () => ({ flags: ['--allow-read', '--allow-write'], tool: 'hold', input: { way: twin, mib: 2, ms: 10 }, config, holds: ({ value }) => value >= 2 }),
  })),
  {
    name: 'memory: programs it started',
    attack: () => ({ flags: ['--allow-run', '--allow-read'], tool: 'holdInChildren', input: { program: REAL_BUN, mib: FAR_ABOVE, ms: LONG_ENOUGH }, config, holds: outOfMemory }),
    twin: () => ({ flags: ['--allow-run', '--allow-read'], tool: 'holdInChildren', input: { program: REAL_BUN, mib: 64, ms: 10 }, config, holds: ({ value }) => value === 64 }),
  },
  {
    name: 'threads',
    attack: () => ({
      tool: 'hold',
      input: { way: 'threads', mib: 8000, ms: LONG_ENOUGH },
      config,
      holds: ({ error }) => error?.code === 'ERR_TOOL_KILLED' && /more than 1024 threads/.test(error.message),
    }),
    twin: () => ({ tool: 'hold', input: { way: 'threads', mib: 500, ms: 300 }, config, holds: ({ value }) => value === 500 }),
  },
  {
    name: 'watches of epoll',
    attack: () => ({
      tool: 'watch',
      input: { epolls: 600, ms: LONG_ENOUGH },
      config,
      holds: ({ error }) => error?.code === 'ERR_TOOL_KILLED' && /with epoll/.test(error.message),
    }),
    twin: () => ({ tool: 'watch', input: { epolls: 10, ms: 300 }, config, holds: ({ value }) => value > 0 }),
  },
  {
    name: 'inotify descriptors',
    attack: () => ({
      flags: ['--allow-read'],
      tool: 'notify',
      input: { count: 100, ms: LONG_ENOUGH },
      config,
      holds: ({ error }) => error?.code === 'ERR_TOOL_KILLED' && /more than 16 inotify descriptors/.test(error.message),
    }),
    twin: () => ({ flags: ['--allow-read'], tool: 'notify', input: { count: 4, ms: 300 }, config, holds: ({ value }) => value === 4 }),
  },
  {
    name: 'timers, which are pending signals',
    attack: () => ({ tool: 'timers', input: { count: 50_000 }, config, holds: ({ value }) => value <= 1024 }),
    twin: () => ({ tool: 'timers', input: { count: 100 }, config, holds: ({ value }) => value === 100 }),
  },
]
