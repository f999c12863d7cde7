/**
 * Changes modes, owners and times, and watches files, outside of the listed paths. Landlock does not cover this; if a
 * list allows it, the supervisor carries it out.
 */

import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { Manager } from '../../index.js'
import { refused } from '../support/attacks.mjs'
import { SANDBOX } from '../support/settings.mjs'

export const tools = './metadata.mjs'

const OF_X86 = new Set(['chmod', 'chown', 'lchown', 'utime', 'utimes', 'futimesat'])
const FORMS = [
  'chmod', 'fchmod', 'fchmodat', 'fchmodat of an absolute path', 'fchmodat2', 'fchmodat2 of a descriptor', 'fchmodat in its directory',
  'chown', 'lchown', 'fchown', 'fchownat', 'utime', 'utimes', 'futimesat', 'utimensat', 'utimensat of a descriptor', 'utimensat to now',
].filter((form) => arch() === 'x64' || !OF_X86.has(form))

const done = ({ value }) => value === 0
const secret = ({ outside }) => join(outside, 'secret.txt')
const data = ({ open }) => join(open, 'data.txt')
const writing = ({ open }) => ['--allow-read', `--allow-write=${open}`]

/** The attacked file belongs to the worker's user: only the sandbox protects it. */
const kept = (place) => {
  const { mode, mtimeMs, ctimeMs } = lstatSync(secret(place))
  const now = { mode: mode & 0o7777, mtimeMs, ctimeMs }
  place.before ??= now
  return JSON.stringify(now) === JSON.stringify(place.before)
}
const guarded = (attack) => ({
  ...attack,
  prepare: async (place) => {
    kept(place)
    return attack.prepare?.(place)
  },
  observe: kept,
  attack: (place) => {
    const step = attack.attack(place)
    return { ...step, holds: (outcome) => outcome.observed === true && step.holds(outcome) }
  },
})

const forms = FORMS.map((form) => ({
  name: `${form} outside of the list`,
  attack: (place) => ({ tool: 'change', flags: writing(place), input: { form, path: secret(place) }, holds: refused }),
  twin: (place) => ({ tool: 'change', flags: writing(place), input: { form, path: data(place) }, holds: done }),
}))

const ways = [
  {
    name: 'changing a mode with no flag',
    attack: (place) => ({ tool: 'mode', input: { path: data(place), mode: 0o600 }, holds: refused }),
    twin: (place) => ({ tool: 'mode', flags: ['--allow-read', '--allow-write'], input: { path: data(place), mode: 0o600 }, holds: done }),
  },
  {
    name: 'changing a mode with the right to read',
    attack: (place) => ({ tool: 'mode', flags: [`--allow-read=${place.open}`], input: { path: data(place), mode: 0o600 }, holds: refused }),
    twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: 0o600 }, holds: done }),
  },
  {
    name: 'a link out of the list',
    attack: (place) => ({ tool: 'throughLink', flags: writing(place), input: { link: join(place.open, 'link'), target: secret(place) }, holds: refused }),
    twin: (place) => ({ tool: 'throughLink', flags: writing(place), input: { link: join(place.open, 'inside'), target: data(place) }, holds: done }),
  },
  {
    name: 'a link to a directory out of the list',
    attack: (place) => ({ tool: 'throughLink', flags: writing(place), input: { link: join(place.open, 'link'), target: place.outside, of: 'secret.txt' }, holds: refused }),
    twin: (place) => ({ tool: 'throughLink', flags: writing(place), input: { link: join(place.open, 'inside'), target: place.open, of: 'data.txt' }, holds: done }),
  },
  {
    name: 'a path that leaves the list by ..',
    attack: (place) => ({ tool: 'mode', flags: writing(place), input: { path: `${place.open}/../outside/secret.txt`, mode: 0o600 }, holds: refused }),
    twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: `${place.open}/../open/data.txt`, mode: 0o600 }, holds: done }),
  },
  {
    name: 'a name that begins as a listed one does',
    attack: (place) => ({ tool: 'mode', flags: writing(place), input: { path: `${place.open}2/data.txt`, mode: 0o600 }, holds: refused }),
    prepare: ({ open }) => {
      mkdirSync(`${open}2`)
      writeFileSync(`${open}2/data.txt`, 'x')
    },
    twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: 0o600 }, holds: done }),
  },
  {
    name: 'an entry of /proc that leads to a descriptor',
    attack: (place) => ({ tool: 'throughProc', flags: writing(place), input: { path: secret(place) }, holds: ({ value }) => ['EPERM', 'ELOOP', 'EACCES'].includes(value) }),
    twin: (place) => ({ tool: 'change', flags: writing(place), input: { form: 'fchmod', path: data(place) }, holds: done }),
  },
  {
    name: "the host's current directory",
    attack: () => ({ tool: 'ofHost', flags: ['--allow-read'], input: { name: '.' }, holds: ({ value }) => ['EPERM', 'ELOOP', 'EACCES'].includes(value) }),
    twin: () => ({ tool: 'ofHost', flags: ['--allow-read'], input: {}, holds: done }),
  },
  {
    name: "a file in another call's temporary directory",
    prepare: async ({ dir, runtime }) => {
      const manager = new Manager(dir, { sandbox: SANDBOX, isolation: 'worker', runtimeType: runtime, entrypointPath: './temporary.mjs' })
      const { path } = await manager.executeTool('about', {})
      return { path, close: () => manager.close() }
    },
    attack: ({ prepared }) => ({ tool: 'temporary', flags: ['--allow-read'], input: { path: join(prepared.path, 'left.txt') }, holds: refused }),
    twin: () => ({ tool: 'temporary', flags: ['--allow-read'], input: {}, holds: done }),
  },
  {
    name: 'a device that may be written',
    attack: () => ({ tool: 'mode', flags: ['--allow-read', '--allow-write=/dev/null'], input: { path: '/dev/null', mode: 0o666 }, holds: refused }),
    twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: 0o666 }, holds: done }),
  },
  ...[0o4755, 0o2755, 0o6755].map((bits) => ({
    name: `a file that runs as its owner or group (${bits.toString(8)})`,
    attack: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: bits }, holds: refused }),
    twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: bits & 0o1777 }, holds: done }),
  })),
  ...['user', 'group'].map((who) => ({
    name: `giving a file to another ${who}`,
    attack: (place) => ({ tool: 'owner', flags: writing(place), input: { path: data(place), [who]: 12_345 }, holds: refused }),
    twin: (place) => ({ tool: 'owner', flags: writing(place), input: { path: data(place), [who]: who === 'user' ? process.getuid() : process.getgid() }, holds: done }),
  })),
]

const ROUNDS = 3000
/** Some changes were made and some refused, which shows that the race happened; nothing outside was changed. */
const raced = ({ value }) => value?.done > 0 && value.refused > 0
const races = ['link', 'directory', 'memory'].map((kind) => ({
  name: `a ${kind} that changes while it is used`,
  attack: (place) => ({
    tool: 'flipping',
    flags: writing(place),
    input: { kind, path: join(place.open, `flip-${kind}`), targets: [data(place), kind === 'directory' ? place.trap : secret(place)], rounds: ROUNDS },
    holds: raced,
  }),
  prepare: (place) => {
    // A directory is replaced by a link whose target has a file of the same name.
    place.trap = join(place.outside, 'trap')
    mkdirSync(place.trap)
    symlinkSync('../secret.txt', join(place.trap, 'file'))
  },
  twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: 0o600 }, holds: done }),
}))

const reading = ({ open }) => [`--allow-read=${open}`]
const watches = [
  {
    name: 'watching a directory outside of the list',
    attack: (place) => ({ tool: 'watched', flags: reading(place), input: { path: place.outside }, holds: refused }),
    twin: (place) => ({ tool: 'watched', flags: reading(place), input: { path: place.open }, holds: done }),
  },
  {
    name: 'watching a file outside of the list',
    attack: (place) => ({ tool: 'watched', flags: reading(place), input: { path: secret(place) }, holds: refused }),
    twin: (place) => ({ tool: 'watched', flags: reading(place), input: { path: data(place) }, holds: done }),
  },
  {
    name: 'watching through a link',
    attack: (place) => ({ tool: 'watched', flags: reading(place), input: { path: place.outside, link: true }, holds: refused }),
    twin: (place) => ({ tool: 'watched', flags: reading(place), input: { path: place.open, link: true }, holds: done }),
  },
  {
    name: 'watching what nobody gave, by a descriptor that is no notifier',
    attack: (place) => ({ tool: 'watchedBy', flags: reading(place), input: { path: place.open }, holds: ({ value }) => value === 'EINVAL' }),
    twin: (place) => ({ tool: 'watched', flags: reading(place), input: { path: place.open }, holds: done }),
  },
]

/**
 * The list has a directory whose mode keeps out everybody who lacks root's capabilities: its content cannot be changed.
 */
const closed = {
  name: 'a file below a directory that its mode keeps from the user',
  prepare: ({ open }) => {
    mkdirSync(join(open, 'closed'))
    writeFileSync(join(open, 'closed/file'), 'x')
    chmodSync(join(open, 'closed'), 0o000)
    return { close: () => chmodSync(join(open, 'closed'), 0o700) }
  },
  attack: (place) => ({ tool: 'mode', flags: writing(place), input: { path: join(place.open, 'closed/file'), mode: 0o600 }, holds: ({ value }) => value === 'EACCES' }),
  twin: (place) => ({ tool: 'mode', flags: writing(place), input: { path: data(place), mode: 0o600 }, holds: done }),
}

export const attacks = [...forms, ...ways, closed, ...races].map(guarded).concat(watches)
