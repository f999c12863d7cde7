// Forks many processes from origins, with mixed work, and checks every result, and afterwards the host's descriptors, children and
// memory. Usage: node scripts/soak-forks.mjs [FORKS] [spawn] (20,000
// unless given; 60,000 is what a change of the default is judged by; with `spawn` the same in processes that are started).
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { Manager } from '../index.js'

const FORKS = Number(process.argv[2] ?? 20_000)
const START = /** @type {'fork' | 'spawn'} */ (process.argv[3] ?? 'fork')
const SIDE_BY_SIDE = 8
/** No call takes a second: one that takes this long hangs. */
const HANG = 30_000

const TOOLS = `
  import { createHash, randomUUID } from 'node:crypto'
  import { writeFileSync, readdirSync } from 'node:fs'
  export const echo = (input) => input
  export const hash = (input) => createHash('sha256').update(input).digest('hex')
  export const random = () => [randomUUID(), Math.random(), process.pid]
  export const prints = (input) => { for (let n = 0; n < 50; n++) console.log(input, n); return input }
  export const writes = (input) => { writeFileSync(process.env.TMPDIR + '/' + input, ''); return readdirSync(process.env.TMPDIR) }
  export const waits = (input) => new Promise((resolve) => setTimeout(() => resolve(input), 3))
  export const large = (input) => 'x'.repeat(input)
  export const works = (input) => { let sum = 0; for (let n = 0; n < 3e5; n++) sum += Math.sqrt(n * input); return Math.round(sum) }
  export const throws = (input) => { throw new Error(input) }
  export const ends = (input) => process.exit(input)
`
/** @param {number} input */
const works = (input) => {
  let sum = 0
  for (let n = 0; n < 3e5; n++) sum += Math.sqrt(n * input)
  return Math.round(sum)
}
const { createHash } = await import('node:crypto')
const seen = new Set()
/** @type {Array<[string, (n: number) => unknown, (value: any, n: number, error: any) => boolean]>} */
const KINDS = [
  ['echo', (n) => ({ n }), (value, n) => value?.n === n],
  ['hash', (n) => `${n}`, (value, n) => value === createHash('sha256').update(`${n}`).digest('hex')],
  // Ids of processes come again.
  ['random', () => null, (value) => value?.slice(0, 2).every((/** @type {any} */ one) => !seen.has(one) && seen.add(one)) === true],
  ['prints', (n) => n, (value, n) => value === n],
  ['writes', (n) => `${n}`, (value, n) => value?.length === 1 && value[0] === `${n}`],
  ['waits', (n) => n, (value, n) => value === n],
  ['large', (n) => 1000 * (n % 100), (value, n) => value?.length === 1000 * (n % 100)],
  ['works', (n) => n, (value, n) => value === works(n)],
  ['throws', (n) => `${n}`, (_, n, error) => error?.code === 'ERR_TOOL_THREW' && error.cause.message === `${n}`],
  ['ends', (n) => n % 200, (_, n, error) => error?.code === 'ERR_TOOL_EXITED' && error.exitCode === n % 200],
]

const descriptors = () => readdirSync('/proc/self/fd').length
const children = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]) === process.pid
    } catch {
      return false
    }
  }).length

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'warden-forks-')))
writeFileSync(join(dir, 'tools.ts'), TOOLS)
const manager = new Manager(dir, { processStart: START, maxWorkers: SIDE_BY_SIDE })
const starts = { spawn: 0, fork: 0 }
manager.on('execution', ({ processStart }) => processStart && starts[processStart]++)
await manager.ready()
for (let n = 0; n < 20; n++) await manager.executeTool('echo', n)
// A process waits for the next call, then as afterwards.
for (let n = 0; n < 1000 && (manager.stats().workers.idle < 1 || manager.stats().workers.starting > 0); n++) await new Promise((resolve) => setTimeout(resolve, 10))
const before = { descriptors: descriptors(), children: children() }
const found = { hung: 0, wrong: 0 }
/** The ids of the origins that served; one gives 10,000 forks and a few more until its successor serves. */
const origins = new Set()
const began = performance.now()
let next = 0
async function lane() {
  while (next < FORKS) {
    const n = next++
    const [tool, input, holds] = /** @type {typeof KINDS[0]} */ (KINDS[n % KINDS.length])
    let timer
    const hang = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ hung: true }), HANG)
    })
    const outcome = await Promise.race([manager.executeTool(tool, /** @type {any} */ (input(n))).then((value) => ({ value }), (error) => ({ error })), hang])
    clearTimeout(timer)
    origins.add(manager.stats().origin.pid)
    if (outcome.hung) found.hung++
    else if (!holds(outcome.value, n, outcome.error)) {
      found.wrong++
      process.stderr.write(`${tool} ${n}: ${JSON.stringify(outcome.value)} ${outcome.error?.code} ${outcome.error?.message}\n`)
    }
  }
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
const seconds = (performance.now() - began) / 1000
for (let n = 0; n < 1000 && (manager.stats().workers.busy > 0 || manager.stats().workers.starting > 0 || descriptors() > before.descriptors); n++) await new Promise((resolve) => setTimeout(resolve, 10))
const after = { descriptors: descriptors(), children: children() }
const origin = manager.stats().origin
await manager.close()
rmSync(dir, { recursive: true })
const left = children()
process.stdout.write(`${JSON.stringify({ calls: FORKS, seconds: Math.round(seconds), ...starts, origins: origins.size, ...found, before, after, childrenAfterClose: left, origin }, null, 2)}\n`)
process.exitCode = found.hung + found.wrong === 0 && after.descriptors <= before.descriptors && after.children <= before.children && left === 0 && (START === 'spawn' || FORKS < 30_000 || origins.size > 1) ? 0 : 1
