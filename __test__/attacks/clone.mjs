/**
 * Children whose parent is not the process that made them. The host never waits for a process that it did not start:
 * such a child would stay a zombie until the host ends.
 */

import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

export const tools = './clone.mjs'

const SIGCHLD = 17
/** Far more than the processes of a manager that have ended in the meantime and are about to be waited for. */
const TIMES = 40
const KINDS = {
  'CLONE_PARENT': 0x8000 | SIGCHLD,
  'CLONE_PARENT with the memory shared': 0x8000 | 0x4100 | SIGCHLD,
  'CLONE_PTRACE': 0x2000 | SIGCHLD,
  'CLONE_UNTRACED': 0x800000 | SIGCHLD,
}

/** How many zombie children this process has. */
function zombies() {
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
    } catch {
      return [] // it has ended
    }
  })
  return stats.filter(([state, parent]) => state === 'Z' && Number(parent) === process.pid).length
}

export const attacks = Object.entries(KINDS).flatMap(([name, flags]) =>
  [['--allow-run'], []].map((permissions) => ({
    name: `${name}, with ${permissions[0] ?? 'no flag'}`,
    observe: zombies,
    attack: () => ({
      flags: permissions,
      tool: 'make',
      input: { flags, times: TIMES },
      holds: ({ value, observed }) => value?.made === 0 && value.error === 'EPERM' && observed < TIMES,
    }),
    twin: () => ({ flags: ['--allow-run'], tool: 'make', input: { flags: SIGCHLD, times: TIMES }, holds: ({ value, observed }) => value?.made === TIMES && observed < TIMES }),
  })),
)
