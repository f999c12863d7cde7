/** What ioctl can do to a file that a tool may only read. Landlock guards opening for writing, and no ioctl needs that. */

import { refused } from '../support/attacks.mjs'

export const tools = './descriptors.mjs'

const FIONREAD = 0x541b

/** Requests that aim signals at others, as F_SETOWN does. */
const OWNERS = { FIOSETOWN: 0x8901, SIOCSPGRP: 0x8902 }

export const attacks = Object.entries(OWNERS).map(([name, request]) => ({
  name,
  attack: () => ({ tool: 'socketIoctl', input: { request }, holds: refused }),
  twin: () => ({ tool: 'socketIoctl', input: { request: FIONREAD }, holds: ({ value }) => value === 0 }),
}))
