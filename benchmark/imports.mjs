/**
 * Measures the cost of a list of readable paths while an entrypoint is imported. Ten packages are tried, each without a
 * sandbox (off), with every file readable (bare) and with a list. Every round makes one call of each kind in a process
 * of its own, in an order that rotates from round to round, so that changes in the machine's load affect all three
 * alike. The tool reports how long its import took by the clock and in processor time; other work on the machine
 * disturbs the second less.
 *
 *   node benchmark/imports.mjs [--runtime bun|node] [--rounds N] [--packages A,B] [--most 1.2]
 *
 * Prints a table of medians in the form of docs/performance.md. Exits with 1 if a list took more than `--most` times
 * the processor time of off.
 */

import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Manager } from '../index.js'
import { bunPath, node24Path } from './contestants/binaries.mjs'
import { quantile } from './stats.mjs'

const PACKAGES = [
  'zod',
  'ajv',
  'mathjs',
  'openai',
  '@anthropic-ai/sdk',
  'ai',
  '@langchain/core/messages',
  '@modelcontextprotocol/sdk/server/mcp.js',
  'rxjs',
  'arktype',
]
/** After four calls the manager begins its own preparations, such as transpiling modules. */
const WARMUPS = 6
const LONGEST_PREPARATION_MS = 15_000

const { values } = parseArgs({
  options: {
    runtime: { type: 'string', default: 'bun' },
    rounds: { type: 'string', default: '15' },
    packages: { type: 'string', default: PACKAGES.join() },
    most: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 5 || rounds > 1000) throw new RangeError('--rounds must be 5 to 1000')
const { runtime } = values
if (runtime !== 'bun' && runtime !== 'node') throw new RangeError('--runtime must be bun or node')

// The scratch directory is below the repository, so that packages are found in its node_modules.
const target = fileURLToPath(new URL('../target/', import.meta.url))
mkdirSync(target, { recursive: true })
const top = realpathSync(mkdtempSync(join(target, 'imports-')))
const allowed = join(top, 'allowed')
mkdirSync(allowed)

const KINDS = {
  off: { sandbox: 'off', bun: ['--allow-read'], node: [] },
  bare: { sandbox: 'required', bun: ['--allow-read'], node: [] },
  list: { sandbox: 'required', bun: [`--allow-read=${allowed}`], node: [`--allow-fs-read=${allowed}`] },
}

/** Each kind has a project of its own, so that none uses files that another one made. */
function open(name, kind) {
  const dir = mkdtempSync(join(top, `${kind}-`))
  // Node looks for the nearest package.json above a module, and may not read the repository's.
  writeFileSync(join(dir, 'package.json'), '{}')
  writeFileSync(
    join(dir, 'tools.mjs'),
    `const from = performance.now()
const before = process.cpuUsage()
const it = await import(${JSON.stringify(name)})
const { user, system } = process.cpuUsage(before)
const took = performance.now() - from
export const imported = () => ({ took, cpu: (user + system) / 1000, exports: Object.keys(it).length })
`,
  )
  const { sandbox, bun, node } = KINDS[kind]
  const permissions = runtime === 'bun' ? { bunPermissions: bun, runtimePath: bunPath() } : { nodeOptions: node, runtimePath: node24Path() }
  const manager = new Manager(dir, { sandbox, runtimeType: runtime, entrypointPath: './tools.mjs', isolation: 'call', minWorkers: 0, ...permissions })
  return { kind, dir, manager, times: [] }
}

async function timed({ manager }) {
  const { exports, ...times } = await manager.executeTool('imported')
  if (!(exports > 0)) throw new Error('nothing was imported')
  return times
}

/** Whether the manager has made its cache for Bun, which it does while calls are served. */
const isPrepared = ({ kind, dir }) => kind === 'off' || readdirSync(join(dir, '.toolwarden')).some((name) => name.endsWith('.modules'))

async function prepare(one) {
  for (let call = 0; call < WARMUPS; call += 1) await timed(one)
  if (runtime !== 'bun') return
  const until = performance.now() + LONGEST_PREPARATION_MS
  while (!isPrepared(one) && performance.now() < until) await sleep(20)
  // The directory exists before it is filled; the next processes use it once it is full.
  const filled = performance.now() + 2000
  while (performance.now() < filled) await timed(one)
}

async function measure(name) {
  const contestants = Object.keys(KINDS).map((kind) => open(name, kind))
  try {
    for (const one of contestants) await prepare(one)
    for (let round = 0; round < rounds; round += 1) {
      const turned = contestants.map((_, place) => contestants[(place + round) % contestants.length])
      for (const one of turned) one.times.push(await timed(one))
    }
  } finally {
    for (const { manager } of contestants) await manager.close({ force: true })
  }
  return contestants.map(({ times }) => ({
    took: quantile(times.map(({ took }) => took), 0.5),
    cpu: quantile(times.map(({ cpu }) => cpu), 0.5),
  }))
}

try {
  process.stdout.write('| package | off, ms | bare, ms | list, ms | list / off | CPU: off, ms | bare / off | list / off |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n')
  for (const name of values.packages.split(',')) {
    const [off, bare, list] = await measure(name)
    const figures = [off.took.toFixed(1), bare.took.toFixed(1), list.took.toFixed(1), (list.took / off.took).toFixed(2)]
    process.stdout.write(`| ${[name, ...figures, off.cpu.toFixed(1), (bare.cpu / off.cpu).toFixed(2), (list.cpu / off.cpu).toFixed(2)].join(' | ')} |\n`)
    if (values.most !== undefined && list.cpu / off.cpu > Number(values.most)) process.exitCode = 1
  }
} finally {
  rmSync(top, { recursive: true, force: true })
}
