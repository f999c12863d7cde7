/** Socket options that lead a socket to another address than the one that was checked. */

import { refused } from '../support/attacks.mjs'

export const tools = './socket-options.mjs'

const INET = 2
const INET6 = 10

/** [family, level, option, bytes]: values that the kernel accepts, unless it asks for a capability. */
const ATTACKS = {
  IPV6_RTHDR: [INET6, 41, 57, [0, 2, 2, 1, 0, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]],
  IPV6_2292PKTOPTIONS: [INET6, 41, 6, []],
  IPV6_PKTINFO: [INET6, 41, 50, Array.from({ length: 20 }, () => 0)],
  IPV6_UNICAST_IF: [INET6, 41, 76, [0, 0, 0, 0]],
  IPV6_FREEBIND: [INET6, 41, 78, [1, 0, 0, 0]],
  IP_OPTIONS: [INET, 0, 4, [7, 7, 4, 0, 0, 0, 0, 0]],
  IP_FREEBIND: [INET, 0, 15, [1, 0, 0, 0]],
  IP_UNICAST_IF: [INET, 0, 50, [0, 0, 0, 0]],
  SO_BINDTODEVICE: [INET, 1, 25, [...Buffer.from('lo\0')]],
  SO_DONTROUTE: [INET, 1, 5, [1, 0, 0, 0]],
  TCP_ULP: [INET, 6, 31, [...Buffer.from('tls\0')]],
  'an option of another protocol': [INET, 255, 1, [0, 0, 0, 0]],
}

/** Options that runtimes and clients set. */
const NEEDED = {
  SO_REUSEADDR: [INET, 1, 2, [1, 0, 0, 0]],
  SO_KEEPALIVE: [INET, 1, 9, [1, 0, 0, 0]],
  SO_LINGER: [INET, 1, 13, [1, 0, 0, 0, 0, 0, 0, 0]],
  SO_REUSEPORT: [INET, 1, 15, [1, 0, 0, 0]],
  IP_TOS: [INET, 0, 1, [8, 0, 0, 0]],
  TCP_NODELAY: [INET, 6, 1, [1, 0, 0, 0]],
  TCP_CORK: [INET, 6, 3, [1, 0, 0, 0]],
  TCP_KEEPIDLE: [INET, 6, 4, [9, 0, 0, 0]],
  TCP_KEEPCNT: [INET, 6, 6, [9, 0, 0, 0]],
  TCP_USER_TIMEOUT: [INET, 6, 18, [9, 0, 0, 0]],
  IPV6_V6ONLY: [INET6, 41, 26, [1, 0, 0, 0]],
}

const each = (test) => (outcome) => Object.values(outcome.value ?? { none: undefined }).every(test)

/** Sends data with the first packet of the connection, before its address was checked. */
const FAST_OPEN = { TCP_FASTOPEN: [INET, 6, 23, [9, 0, 0, 0]], TCP_FASTOPEN_CONNECT: [INET, 6, 30, [1, 0, 0, 0]] }

const list = '--allow-net=127.0.0.1:9'
const setting = (flags, options, test) => ({ flags: [flags], tool: 'set', input: { options }, holds: each(test) })
const isRefused = (said) => refused({ value: said })
const isSet = (said) => said === 0

export const attacks = [
  ...[list, '--allow-net'].flatMap((flag) =>
    Object.entries(FAST_OPEN).map(([name, option]) => ({
      name: `${name}, with ${flag}`,
      attack: () => setting(flag, { [name]: option }, isRefused),
      twin: () => setting(flag, { TCP_NODELAY: [INET, 6, 1, [1, 0, 0, 0]] }, isSet),
    })),
  ),
  // A flag for the whole network needs no more of the other options than a list does.
  ...[list, '--allow-net'].flatMap((flag) =>
    Object.entries(ATTACKS).map(([name, option]) => ({
      name: `${name}, with ${flag}`,
      attack: () => setting(flag, { [name]: option }, isRefused),
      twin: () => setting(flag, NEEDED, isSet),
    })),
  ),
]
