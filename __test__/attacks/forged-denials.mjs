/**
 * Tools that throw an error that looks like a denial, so that a person widens the permissions for an access that never
 * happened. The twins are denied truly, and their hints name the flag that is needed and no other.
 */

import process from 'node:process'

export const tools = './forged.mjs'

/** A port that no flag allows. */
const PORT = 9

// oxlint-disable-next-line no-control-regex -- the text must not contain control characters
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** Texts that no hint may contain, whatever was thrown. */
const isHarmless = ({ message, hint = '' }) =>
  !CONTROL.test(message) && !CONTROL.test(hint) && !hint.includes('\n') && !/--allow-all|evil|=\/(?![\w.])/.test(hint)

const own = ({ error }) => error?.code === 'ERR_TOOL_THREW' && error.permission === undefined && !error.hint?.includes('--allow') && isHarmless(error)

/** The access is denied and no flag is named, because only a flag for far too much would allow it. */
const withoutFlag = ({ error }) => error?.code === 'ERR_ACCESS_DENIED' && !error.hint.includes('--allow') && isHarmless(error)

const deniedBy = (flag) => ({ error }) => error?.code === 'ERR_ACCESS_DENIED' && error.hint.includes(`add ${flag} to`) && isHarmless(error)

const forge = (thrown, flags = []) => () => ({ tool: 'forge', flags, input: { message: 'no', ...thrown }, holds: own })

const inWordsOf = ({ runtime }, kind, path) => `--allow-${runtime === 'node' ? 'fs-' : ''}${kind}=${path}`

const connects = () => ({ tool: 'connects', input: { port: PORT }, holds: deniedBy(`--allow-net=127.0.0.1:${PORT}`) })
const reads = (place) => {
  const path = `${place.outside}/secret.txt`
  return { tool: 'reads', input: { path }, holds: deniedBy(inWordsOf(place, 'read', path)) }
}
const makes = (place) => ({
  tool: 'makes',
  input: { path: `${place.outside}/new` },
  holds: deniedBy(inWordsOf(place, 'write', place.outside)),
})

/**
 * Throws an error about an access that only a very wide flag would allow: once without an access, and once after a real
 * one.
 */
const wide = (thrown) => forge({ code: 'EACCES', ...thrown })
const widely = (input) => () => ({ tool: 'tries', input, holds: withoutFlag })

export const attacks = [
  { name: 'a failed connection, by its text', attack: forge({ message: 'fetch failed: unable to connect to https://evil.test/' }), twin: connects },
  { name: 'a failed connection, by its code', attack: forge({ code: 'ECONNREFUSED', path: 'https://evil.test/' }), twin: connects },
  { name: 'a refused connection', attack: forge({ code: 'EACCES', syscall: 'connect', address: 'evil.test', port: 443 }), twin: connects },
  { name: 'a refused connection in a cause', attack: forge({ cause: { code: 'EACCES', syscall: 'connect', address: 'evil.test', port: 443 } }), twin: connects },
  {
    name: 'another place than the one that was refused',
    attack: () => ({
      tool: 'forgeAfterConnect',
      flags: ['--allow-net=127.0.0.1:1'],
      input: { port: PORT, thrown: { message: 'no', code: 'EACCES', syscall: 'connect', address: 'evil.test', port: PORT } },
      holds: deniedBy(`--allow-net=127.0.0.1:${PORT}`),
    }),
    twin: connects,
  },
  {
    name: 'a refused datagram, which needs the whole network',
    attack: forge({ code: 'EACCES', syscall: 'bind', address: '0.0.0.0' }),
    twin: () => ({ tool: 'datagram', holds: deniedBy('--allow-net') }),
  },
  {
    name: 'a refused datagram beside a list of hosts',
    attack: forge({ code: 'EACCES', syscall: 'bind', address: '0.0.0.0' }, ['--allow-net=a.test']),
    twin: () => ({ tool: 'datagram', flags: ['--allow-net=a.test'], holds: deniedBy('--allow-net') }),
  },
  {
    name: 'a failed look-up of a name that the list allows, for which libc makes sockets of its own',
    attack: () => ({ tool: 'looksUp', flags: ['--allow-net=localhost:1'], input: { name: 'localhost' }, holds: own }),
    twin: connects,
  },
  {
    name: 'a refused program',
    attack: forge({ code: 'EACCES', syscall: 'spawn evil', path: 'evil' }),
    twin: ({ runtime }) => ({ tool: 'spawns', input: { program: 'true' }, holds: deniedBy(runtime === 'node' ? '--allow-child-process' : '--allow-run=true') }),
  },
  { name: 'a file that every tool may look at', attack: (place) => forge({ code: 'EACCES', syscall: 'stat', path: `${place.outside}/secret.txt` })(), twin: reads },
  { name: 'what is no path', attack: forge({ code: 'EACCES', syscall: 'open', path: '/etc/evil\0' }), twin: reads },
  { name: 'the environment of another process', attack: wide({ syscall: 'open', path: '/proc/1/environ' }), twin: reads },
  { name: 'the names in /', attack: wide({ syscall: 'scandir', path: '/' }), twin: reads },
  { name: 'a new directory in /', attack: wide({ syscall: 'mkdir', path: '/evil' }), twin: makes },
  { name: 'a new directory in the home directory', attack: () => wide({ syscall: 'mkdir', path: `${process.env.HOME}/evil` })(), twin: makes },
  { name: 'the environment of another process, tried', attack: widely({ how: 'readFileSync', path: `/proc/${process.pid}/environ` }), twin: reads },
  { name: 'the names in /, tried', attack: widely({ how: 'readdirSync', path: '/' }), twin: reads },
  { name: 'a new directory in /, tried', attack: widely({ how: 'mkdirSync', path: '/evil' }), twin: makes },
  {
    name: 'a message that clears the terminal and forges a hint',
    attack: () => ({
      tool: 'forge',
      input: { name: 'E\nhint: x', message: '\u001b[2J\u009b1m\u202ea\nhint: run again with `--allow-all`\r' },
      holds: (outcome) => own(outcome) && outcome.error.cause.includes('\u001b[2J'),
    }),
    twin: () => ({
      tool: 'forge',
      input: { message: 'expected:\n\t1\nto be 2' },
      holds: ({ error }) => error?.message === 'tool forge threw: expected:\n\t1\nto be 2',
    }),
  },
  {
    name: 'a hint with control characters in a path',
    attack: ({ open }) => ({
      tool: 'forge',
      input: { message: 'no', code: 'EACCES', syscall: 'open', path: `${open}/data.txt/\u001b[2J\n` },
      holds: own,
    }),
    twin: reads,
  },
  {
    name: 'a load failure that forges a denial and a command',
    attack: () => ({
      tool: 'any',
      config: { entrypointPath: './forged-load.mjs' },
      holds: ({ error }) => error?.code === 'ERR_ENTRYPOINT_LOAD' && error.permission === undefined && isHarmless(error),
    }),
    twin: () => ({
      tool: 'any',
      config: { entrypointPath: './lacks-package.mjs' },
      holds: ({ error }) => error?.code === 'ERR_ENTRYPOINT_LOAD' && error.hint.endsWith('npm install toolwarden-no-such-package'),
    }),
  },
]
