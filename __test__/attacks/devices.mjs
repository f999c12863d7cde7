/** Terminals, disks and other devices. Flags without a list mean files, and must not give access to devices. */

import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const tools = './files.mjs'

const HARMLESS = ['/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom']
const SHARED_MEMORY = '/dev/shm'

/** Everything below a directory. Links are not followed, because some lead in circles there. */
const below = (directory) =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? below(path) : entry.isSymbolicLink() ? [] : [{ path, entry }]
  })

/** Every device of this machine, except those that are harmless for everybody. */
const devices = () =>
  below('/dev')
    .filter(({ path, entry }) => (entry.isCharacterDevice() || entry.isBlockDevice()) && !HARMLESS.includes(path) && !path.startsWith(SHARED_MEMORY))
    .map(({ path }) => path)

const isRefused = (said) => ['EACCES', 'EPERM'].includes(said)
const allRefused = ({ value }) => Array.isArray(value) && value.length > 0 && value.every(isRefused)

/** Memory that another process shares by name. */
function sharedMemory() {
  const path = `${SHARED_MEMORY}/attack-${process.pid}-${Math.random().toString(36).slice(2)}`
  writeFileSync(path, 'secret')
  return { path }
}

const read = (flags, holds, paths) => () => ({ flags, tool: 'readAll', input: { paths: paths() }, holds })

export const attacks = [
  ...[['--allow-read'], ['--allow-read', '--allow-write'], ['--allow-read', '--allow-run']].map((flags) => ({
    name: `every device is opened for reading with ${flags.join(' ')}`,
    attack: read(flags, allRefused, devices),
    twin: read(flags, ({ value }) => value.every((said) => said === 0), () => HARMLESS),
  })),
  {
    name: 'every device is opened for writing with --allow-write',
    attack: () => ({ flags: ['--allow-write'], tool: 'openToWrite', input: { paths: devices() }, holds: allRefused }),
    twin: ({ open }) => ({
      flags: ['--allow-write'],
      tool: 'openToWrite',
      input: { paths: ['/dev/null', `${open}/data.txt`] },
      holds: ({ value }) => value.every((said) => said === 0),
    }),
  },
  {
    name: 'a pair of terminals is made',
    attack: read(['--allow-read', '--allow-write'], allRefused, () => ['/dev/ptmx', '/dev/tty']),
    twin: () => ({
      flags: ['--allow-read=/dev/ptmx'],
      tool: 'readAll',
      input: { paths: ['/dev/ptmx'] },
      holds: ({ value }) => value[0] === 0 || value[0] === 'EIO',
    }),
  },
  {
    name: "another process's shared memory is read with --allow-read",
    prepare: sharedMemory,
    attack: ({ prepared: { path } }) => ({ flags: ['--allow-read'], tool: 'readAll', input: { paths: [path] }, holds: allRefused }),
    twin: ({ prepared: { path } }) => ({ flags: [`--allow-read=${path}`], tool: 'readAll', input: { paths: [path] }, holds: ({ value }) => value[0] === 0 }),
  },
]
