/** Unix sockets and metadata services: a flag for the whole network does not include them. */

import { existsSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'

import { refused } from '../support/attacks.mjs'

export const tools = './sockets.mjs'

/** The permissions of developmentConfig(). */
const WIDE = ['--allow-read', '--allow-write', '--allow-net']

const listening = (server, at) =>
  new Promise((resolve) => {
    server.listen(at, () => resolve({ server, close: () => server.close() }))
  })
const daemonPath = ({ outside }) => join(outside, 'daemon.sock')
const daemon = (place) => listening(http.createServer((_, response) => response.end('of the daemon')), daemonPath(place))

const unixFlag = (path) => `--allow-net=unix:${path}`
/** The access is refused, and the hint names the flag that would allow it. */
const namesFlag = (path) => ({ error }) => error?.code === 'ERR_ACCESS_DENIED' && error.resource === `unix:${path}` && error.hint.includes(`add ${unixFlag(path)} to`)

const ways = { connectUnix: 'connected', requestUnix: 'of the daemon' }
const wide = Object.entries(ways).flatMap(([tool, answer]) =>
  [[], ['--allow-net'], WIDE, ['--allow-net=127.0.0.1:1']].map((flags) => ({
    name: `a daemon's socket with ${flags.join(' ') || 'no flag'}, by ${tool}`,
    prepare: daemon,
    attack: (place) => ({ flags, tool, input: { path: daemonPath(place) }, holds: namesFlag(daemonPath(place)) }),
    twin: (place) => ({ flags: [...flags, unixFlag(daemonPath(place))], tool, input: { path: daemonPath(place) }, holds: ({ value }) => value === answer }),
  })),
)

const own = ({ open }) => join(open, 'own.sock')
const others = [
  {
    name: 'another socket than the listed one',
    prepare: daemon,
    attack: (place) => ({ flags: [unixFlag(own(place))], tool: 'connectUnix', input: { path: daemonPath(place) }, holds: namesFlag(daemonPath(place)) }),
    twin: (place) => ({ flags: [unixFlag(daemonPath(place))], tool: 'connectUnix', input: { path: daemonPath(place) }, holds: ({ value }) => value === 'connected' }),
  },
  {
    name: 'a link at the listed path that leads to a daemon',
    prepare: daemon,
    attack: (place) => ({ flags: [`--allow-write=${place.open}`, unixFlag(own(place))], tool: 'throughLink', input: { path: own(place), to: daemonPath(place) }, holds: ({ error }) => error !== undefined }),
    twin: (place) => ({ flags: [`--allow-write=${place.open}`, unixFlag(own(place))], tool: 'serveUnix', input: { path: own(place) }, holds: ({ value }) => value === 'served' }),
  },
  {
    name: 'a server in a directory that may not be written to',
    attack: (place) => ({ flags: [unixFlag(own(place))], tool: 'serveUnix', input: { path: own(place) }, holds: ({ error, observed }) => error !== undefined && observed === 'no socket' }),
    twin: (place) => ({ flags: [`--allow-write=${place.open}`, unixFlag(own(place))], tool: 'serveUnix', input: { path: own(place) }, holds: ({ value }) => value === 'served' }),
    observe: (place) => (existsSync(own(place)) ? 'a socket' : 'no socket'),
  },
]

/** The address that stands for the metadata service where one exists; the harmless connection goes to this host. */
const here = () => listening(net.createServer((socket) => socket.destroy()), { port: 0, host: '127.0.0.1' })
const started = ({ value }) => value === 0 || value === 'EINPROGRESS'
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
const LINK_LOCAL = [169, 254, 169, 254]
const services = {
  'of EC2, GCE and Azure': { ip: '169.254.169.254' },
  'of ECS': { ip: '169.254.170.2' },
  'of Alibaba Cloud': { ip: '100.100.100.200' },
  'of Oracle Cloud': { ip: '192.0.0.192' },
  "of Azure's wire server": { ip: '168.63.129.16' },
  'of EC2 over IPv6': { bytes: [0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54] },
  'written into IPv6': { bytes: [...MAPPED, ...LINK_LOCAL] },
  'behind NAT64': { bytes: [...NAT64, ...LINK_LOCAL] },
  'over MPTCP': { ip: '169.254.169.254', mptcp: true },
}
const metadata = Object.entries(services).map(([name, to]) => ({
  name: `the metadata service ${name}`,
  prepare: here,
  attack: () => ({ flags: ['--allow-net'], tool: 'connectRaw', input: { ...to, port: 80 }, holds: refused }),
  twin: ({ prepared }) => ({
    flags: ['--allow-net'],
    tool: 'connectRaw',
    input: { ...(to.bytes ? { bytes: [...MAPPED, 127, 0, 0, 1] } : { ip: '127.0.0.1' }), mptcp: to.mptcp ?? false, port: prepared.server.address().port },
    holds: started,
  }),
}))

const fastOpen = {
  name: 'a metadata service by data that connects',
  prepare: here,
  attack: () => ({ flags: ['--allow-net'], tool: 'fastOpen', input: { ip: '169.254.169.254', port: 80 }, holds: refused }),
  twin: ({ prepared }) => ({ flags: ['--allow-net'], tool: 'connectRaw', input: { ip: '127.0.0.1', port: prepared.server.address().port }, holds: started }),
}

const abstract = {
  name: 'an abstract socket',
  prepare: daemon,
  attack: () => ({ flags: WIDE, tool: 'connectAbstract', input: { name: 'toolwarden' }, holds: refused }),
  twin: (place) => ({ flags: [...WIDE, unixFlag(daemonPath(place))], tool: 'connectUnix', input: { path: daemonPath(place) }, holds: ({ value }) => value === 'connected' }),
}

export const attacks = [...wide, ...others, ...metadata, fastOpen, abstract]
