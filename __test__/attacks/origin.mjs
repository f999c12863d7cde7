/** What forked processes, and a module that is imported by their origin, try against origin, siblings and host. */

export const tools = './origin.mjs'
/** An origin is ready some ten seconds after its start. */
export const atOnce = true

const forked = { processStart: 'fork', maxWorkers: 4 }
const REFUSED = new Set(['EPERM', 'EACCES', 'ENOSYS'])
const allRefused = ({ value }) => Object.keys(value ?? {}).length > 4 && Object.values(value).every((result) => REFUSED.has(result))
const twin = () => ({
  config: forked,
  flags: ['--allow-read'],
  tool: 'works',
  holds: ({ value }) => value?.self === 0 && value.parentDeath === 0 && value.directory && value.forked,
})

export const attacks = [
  { name: 'a child against its origin, the host and its own cage', runtimes: ['bun'], attack: () => ({ config: forked, flags: ['--allow-read'], tool: 'escapes', holds: allRefused }), twin },
  { name: 'an origin that forks unasked', runtimes: ['bun'], attack: () => ({ config: forked, tool: 'imported', holds: allRefused }), twin },
  {
    name: 'signals to other children',
    runtimes: ['bun'],
    attack: () => ({ config: forked, tool: 'signals', input: { waits: true }, neighbour: 'reachable', holds: ({ neighbours }) => neighbours?.length === 2 && neighbours.every((reached) => reached.length === 0) }),
    twin,
  },
]
