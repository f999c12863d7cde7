/**
 * What confinement groups cost: calls of a manager with 40 tools in 5 groups beside one without groups, round by round.
 *
 *     node benchmark/groups.mjs [--seconds 90] [--against /other/checkout/index.js]
 *
 * With --against the manager without groups is also compared with that of another build.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

import { Manager } from '../index.js'
import { manyAtOnce, oneByOne } from './meters/calls.mjs'
import { median, quantile, ratios } from './stats.mjs'

const TOOLS = Array.from({ length: 40 }, (_, number) => `tool${number}`)
const GROUPS = 5
const IN_FLIGHT = 64
/** What warm calls of a manager with groups may take, as a multiple. */
const MOST = 1.3

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '90' }, against: { type: 'string' } } })

const dir = mkdtempSync(join(tmpdir(), 'toolwarden-groups-'))
writeFileSync(join(dir, 'tools.mjs'), TOOLS.map((name) => `export const ${name} = (input) => input\n`).join(''))
for (let group = 0; group < GROUPS; group++) mkdirSync(join(dir, `d${group}`))

const COMMON = { entrypointPath: 'tools.mjs', isolation: 'worker', maxWorkers: 4, bunPermissions: [] }
/** Every tool with settings of its own, in as many groups. @param {number} groups */
const grouped = (groups) => ({
  ...COMMON,
  tools: Object.fromEntries(TOOLS.map((name, number) => [name, { bunPermissions: [`--allow-read=./d${number % groups}`] }])),
})

/** Calls of one tool, or of all tools in turn. */
function contestant(ManagerClass, config, names) {
  const manager = new ManagerClass(dir, config)
  let next = 0
  return {
    manager,
    call: (input) => manager.executeTool(names[next++ % names.length], input),
    warm: async () => {
      // Each group has its process before anything is timed.
      for (let round = 0; round < 50; round++) await Promise.all(names.map((name) => manager.executeTool(name, round)))
    },
  }
}

const contestants = {
  'without groups, one tool': contestant(Manager, COMMON, ['tool0']),
  '5 groups, one tool': contestant(Manager, grouped(GROUPS), ['tool0']),
  'without groups, 40 tools': contestant(Manager, COMMON, TOOLS),
  '4 groups, 40 tools': contestant(Manager, grouped(4), TOOLS),
}
if (values.against !== undefined) {
  const other = await import(pathToFileURL(values.against).href)
  contestants['without groups, one tool, other build'] = contestant(other.Manager, COMMON, ['tool0'])
}
const mixed = contestant(Manager, grouped(GROUPS), TOOLS)

/** @type {Record<string, { p50Us: number, callsPerSecond: number }[]>} */
const rounds = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
for (const one of Object.values(contestants)) await one.warm()
const names = Object.keys(contestants)
const end = performance.now() + Number(values.seconds) * 1000
while (performance.now() < end || rounds[names[0]].length < 3) {
  // The order turns, so that no contestant is always the first after a pause.
  names.push(names.shift())
  for (const name of names) {
    const { p50Us } = await oneByOne(contestants[name], { ms: 300 })
    const { callsPerSecond } = await manyAtOnce(contestants[name], { ms: 500, inFlight: IN_FLIGHT })
    rounds[name].push({ p50Us, callsPerSecond })
  }
}

const waits = []
let most = 0
const watch = setInterval(() => {
  const { starting, idle, busy } = mixed.manager.stats().workers
  most = Math.max(most, starting + idle + busy)
}, 1)
await mixed.warm()
const timed = {
  call: async (input) => {
    const from = performance.now()
    await mixed.call(input)
    waits.push(performance.now() - from)
  },
}
const { callsPerSecond: mixedRate } = await manyAtOnce(timed, { ms: 5000, inFlight: IN_FLIGHT })
clearInterval(watch)
for (const { manager } of [...Object.values(contestants), mixed]) await manager.close()
rmSync(dir, { recursive: true, force: true })

const line = (text) => process.stdout.write(`${text}\n`)
line(`${'median of the rounds'.padEnd(42)} p50, us   calls/s at ${IN_FLIGHT}`)
for (const [name, of] of Object.entries(rounds)) {
  line(`${name.padEnd(42)} ${median(of.map(({ p50Us }) => p50Us)).toFixed(1).padStart(7)}   ${Math.round(median(of.map(({ callsPerSecond }) => callsPerSecond)))}`)
}
let held = true
const compare = (one, other) => {
  const slower = median(ratios(rounds[one], rounds[other], 'p50Us'))
  const fewer = 1 / median(ratios(rounds[one], rounds[other], 'callsPerSecond'))
  held &&= slower <= MOST && fewer <= MOST
  line(`${one} / ${other}: p50 ${slower.toFixed(3)}, time per call at ${IN_FLIGHT} ${fewer.toFixed(3)}`)
}
compare('5 groups, one tool', 'without groups, one tool')
compare('4 groups, 40 tools', 'without groups, 40 tools')
if (values.against !== undefined) compare('without groups, one tool', 'without groups, one tool, other build')
line(
  `5 groups under ${COMMON.maxWorkers} processes, 40 tools in turn: ${Math.round(mixedRate)} calls/s at ${IN_FLIGHT}, wait p50 ${quantile(waits, 0.5).toFixed(1)} ms, longest ${quantile(waits, 1).toFixed(0)} ms, at most ${most} processes`,
)
process.exitCode = held && most <= COMMON.maxWorkers ? 0 : 1
