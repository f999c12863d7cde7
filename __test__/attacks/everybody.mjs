/** System calls that affect every process, called with a number that means the caller. */

import { refused } from '../support/attacks.mjs'

export const tools = './everybody.mjs'

const allowed = ({ value }) => value === 0
const call = (name, args, holds) => () => ({ tool: 'call', input: { name, args }, holds })

const PRIO = { process: 0, user: 2 }
const IOPRIO = { process: 1, user: 3 }
/** Best effort, the lowest level. */
const LOWEST_IO = (2 << 13) | 7

export const attacks = [
  { name: 'setpriority of every process of the user', attack: call('setpriority', [PRIO.user, 0, 19], refused), twin: call('setpriority', [PRIO.process, 0, 1], allowed) },
  { name: 'ioprio_set of every process of the user', attack: call('ioprio_set', [IOPRIO.user, 0, LOWEST_IO], refused), twin: call('ioprio_set', [IOPRIO.process, 0, LOWEST_IO], allowed) },
  // sync() itself returns nothing: the result of the raw system call shows that it is refused.
  { name: 'sync of every disk', attack: call('sync', [], refused), twin: call('setpriority', [PRIO.process, 0, 1], allowed) },
]
