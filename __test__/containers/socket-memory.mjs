/** Memory in open sockets, which the host measures by copies of them where it may make some. */

import * as memory from '../attacks/memory.mjs'

export const { tools } = memory

const NAMES = new Set(['memory: sockets', 'memory: sockets whose sender is closed'])
export const attacks = memory.attacks.filter(({ name }) => NAMES.has(name))
