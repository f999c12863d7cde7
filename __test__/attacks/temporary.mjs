/**
 * Attacks with the directory that a process has for temporary files: the tool looks for the directories of other calls,
 * leaves its own, makes the host remove something else, or leaves its own behind.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { Manager } from '../../index.js'
import { refused } from '../support/attacks.mjs'
import { SANDBOX } from '../support/settings.mjs'
import { until } from '../support/waiting.mjs'

export const tools = './temporary.mjs'

const done = ({ value }) => value === 'done'
const gains = ({ value }) => ['EXDEV', 'EPERM', 'EACCES'].includes(value)
const secret = ({ value }) => value === 'secret'
const FLAGS = [[], ['--allow-read'], ['--allow-read', '--allow-write=/var/empty']]
const withFlags = (flags, place) => flags.map((flag) => flag.replace('/var/empty', place.open))

/** Each attack with every set of flags of FLAGS. */
const each = (name, attack, twin) =>
  FLAGS.map((flags) => ({
    name: `${name}, with ${flags.join(' ') || 'no flag'}`,
    attack: (place) => ({ flags: withFlags(flags, place), ...attack(place) }),
    twin: (place) => ({ flags: withFlags(flags, place), ...twin(place) }),
  }))

/**
 * A process that still has its directory. A tool that may read every file may read that directory if it knows the name.
 */
const neighbour = async ({ dir, runtime }) => {
  const manager = new Manager(dir, { sandbox: SANDBOX, isolation: 'worker', runtimeType: runtime, entrypointPath: tools })
  const { path } = await manager.executeTool('about', {})
  return { path, close: () => manager.close() }
}

const ways = [
  ...each('listing the directories of other calls', () => ({ tool: 'listed', input: { path: 'parent' }, holds: refused }), () => ({ tool: 'listed', input: {}, holds: done })),
  ...each('moving its directory away', () => ({ tool: 'moved', input: {}, holds: gains }), () => ({ tool: 'moved', input: { inside: true }, holds: done })),
  ...each('making an entry beside its directory', () => ({ tool: 'beside', input: {}, holds: refused }), () => ({ tool: 'beside', input: { inside: true }, holds: done })),
  {
    name: "another call's directory, by its name",
    prepare: neighbour,
    attack: ({ prepared }) => ({ tool: 'read', input: { path: join(prepared.path, 'left.txt') }, holds: refused }),
    twin: ({ prepared }) => ({ tool: 'read', flags: ['--allow-read'], input: { path: join(prepared.path, 'left.txt') }, holds: ({ value }) => value === 'left' }),
  },
  {
    name: 'a link that leads out of its directory',
    attack: ({ outside }) => ({ tool: 'linked', input: { target: join(outside, 'secret.txt') }, holds: refused }),
    twin: () => ({ tool: 'linked', input: {}, holds: secret }),
  },
  {
    name: 'another name in it for a file from outside',
    attack: ({ outside }) => ({ tool: 'hardLinked', input: { target: join(outside, 'secret.txt') }, holds: gains }),
    twin: () => ({ tool: 'hardLinked', input: {}, holds: done }),
  },
  {
    name: 'a program that it wrote',
    runtimes: ['bun'],
    attack: ({ dir }) => ({ tool: 'executed', flags: [`--allow-read=${dir},/bin/true`, '--allow-run=/bin/cat'], input: {}, holds: refused }),
    twin: ({ dir }) => ({ tool: 'executed', flags: [`--allow-read=${dir},/bin/true`, '--allow-run'], input: {}, holds: done }),
  },
]

/** A daemon of the machine, whose socket the tool could link and move if it may write everywhere. */
const daemon = async ({ open }) => {
  const path = join(open, 'daemon.sock')
  const server = createServer((socket) => socket.end('daemon'))
  await new Promise((resolve) => server.listen(path, resolve))
  return { path, close: () => new Promise((resolve) => server.close(resolve)) }
}
const EVERYTHING = ['--allow-read', '--allow-write', '--allow-net']
/** Before Landlock ABI 2 the kernel itself lets no file change its directory. */
const notReached = ({ value, error }) => ['EACCES', 'ECONNREFUSED', 'ELOOP'].includes(value) || error?.message.includes(' EXDEV: ')
const sockets = ['link', 'hard link', 'rename', 'directory'].map((by) => ({
  name: `a daemon's socket by a ${by} in its directory`,
  prepare: daemon,
  attack: ({ prepared }) => ({ tool: 'reached', flags: EVERYTHING, input: { path: prepared.path, by }, holds: notReached }),
  twin: ({ prepared }) => ({ tool: 'reached', flags: [...EVERYTHING, `--allow-net=unix:${prepared.path}`], input: { path: prepared.path, by: 'itself' }, holds: ({ value }) => value === 'daemon' }),
})).concat([
  {
    name: 'a server at a path outside of its directory',
    attack: ({ open }) => ({ tool: 'served', flags: ['--allow-read', `--allow-write=${open}`], input: { path: join(open, 'own.sock') }, holds: refused }),
    twin: () => ({ tool: 'served', input: {}, holds: ({ value }) => value === 'own' }),
  },
  {
    name: "a server in another call's directory",
    prepare: neighbour,
    attack: ({ prepared }) => ({ tool: 'served', flags: ['--allow-read'], input: { path: join(prepared.path, 'own.sock') }, holds: refused }),
    twin: () => ({ tool: 'served', flags: ['--allow-read'], input: { below: 'below/own.sock' }, holds: ({ value }) => value === 'own' }),
  },
])

/** Waits until the call's directory is removed, and returns whether the targets of its links are still there. */
const removed = async ({ kept }, { value: path }) => {
  await until(() => !existsSync(path), `${path} to be removed`)
  return readFileSync(join(kept, 'file'), 'utf8') === 'kept'
}
const holds = ({ value, observed }) => typeof value === 'string' && observed === true

const leaving = (name, input) => ({
  name,
  prepare: (place) => {
    place.kept = join(place.outside, 'kept')
    mkdirSync(place.kept)
    writeFileSync(join(place.kept, 'file'), 'kept')
  },
  observe: removed,
  attack: (place) => ({ tool: 'leave', input: { ...input, target: place.kept }, holds }),
  twin: (place) => ({ tool: 'leave', input: { target: place.kept }, holds }),
})

/** More than the directory may hold, in files with a name and in one whose name was removed. */
const MOST = { maxMemoryMb: 96 }
const killed = ({ error }) => error?.code === 'ERR_TOOL_KILLED' && /kept more than .* in its temporary directory/.test(error.message)
const filling = (name, input, less) => ({
  name,
  attack: () => ({ tool: 'fill', input, config: MOST, holds: killed }),
  twin: () => ({ tool: 'fill', input: { ...input, ...less }, config: MOST, holds: done }),
})
const floods = [
  filling('filling the disk', { megabytes: 120, wait: true }, { megabytes: 40, wait: false }),
  filling('filling the disk by a file without a name', { megabytes: 120, nameless: true, wait: true }, { megabytes: 40, wait: false }),
]

const endings = [
  leaving('leaving links behind that lead elsewhere', { kind: 'links' }),
  leaving('leaving directories behind that nobody may enter', { kind: 'unreadable' }),
  leaving('leaving a deep tree behind', { depth: 500 }),
  leaving('leaving many files behind', { files: 1000 }),
]

export const attacks = [...ways, ...sockets, ...floods, ...endings]
