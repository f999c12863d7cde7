/** Memory in sockets that no process has open: closed, not accepted, or on their way through another socket. */

import { refused } from '../support/attacks.mjs'

export const tools = './hidden-sockets.mjs'

const LIMIT = 64
const FAR_ABOVE = 256
const WELL_BELOW = 8
/** They are measured every 100 ms: a tool that goes on for longer than that is found. */
const LONG_ENOUGH = 5000
const config = { maxMemoryMb: LIMIT, toolExecutionTimeout: '60s' }
const HERE = ['--allow-net=127.0.0.1']
const EVERYWHERE = ['--allow-net']
const PROGRAMS = ['--allow-run', '--allow-read']

const outOfMemory = ({ error }) => error?.code === 'ERR_TOOL_OUT_OF_MEMORY' && /maxMemoryMb/.test(error.hint)
const held = (way, name, flags) => ({
  name: `${name}, with ${flags[0]}`,
  attack: () => ({ flags, tool: 'hold', input: { way, mib: FAR_ABOVE, ms: LONG_ENOUGH }, config, holds: outOfMemory }),
  twin: () => ({ flags, tool: 'hold', input: { way, mib: WELL_BELOW, ms: 300 }, config, holds: ({ value }) => value >= WELL_BELOW }),
})

export const attacks = [
  held('sent', 'sockets in flight', EVERYWHERE),
  held('sent', 'sockets in flight', PROGRAMS),
  held('nested', 'sockets in flight inside of others', PROGRAMS),
  held('datagrams', 'datagrams in flight', EVERYWHERE),
  held('connections', 'connections in flight', EVERYWHERE),
  {
    // A tool that can talk to nobody cannot send any.
    name: 'sockets in flight, without anybody to talk to',
    attack: () => ({ flags: ['--allow-read', '--allow-write'], tool: 'hold', input: { way: 'sent', mib: WELL_BELOW, ms: 10 }, config, holds: refused }),
    twin: () => ({ flags: EVERYWHERE, tool: 'hold', input: { way: 'sent', mib: WELL_BELOW, ms: 10 }, config, holds: ({ value }) => value >= WELL_BELOW }),
  },
  ...[HERE, EVERYWHERE].flatMap((flags) => [
    held('unaccepted', 'connections that nobody accepts', flags),
    held('closed', 'closed connections whose peer does not read', flags),
    held('turned', 'the same, closed by the server', flags),
  ]),
]
