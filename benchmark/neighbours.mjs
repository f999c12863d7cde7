/**
 * `npm run bench:neighbours`: measures how a hostile call affects the calls of others in the same host. Each flood runs
 * in a host of its own. A neighbour manager makes calls at a fixed rate, to a reused worker and with a process per
 * call, and so does the attacked manager itself, before and during the flood. Prints a table for each host and writes
 * neighbours.json; exits with 1 if a goal was missed.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compile } from '../__test__/support/attack-natives.mjs'
import { FLOODS } from './floods/all.mjs'
import { missed, table } from './floods/table.mjs'
import { finished, knownHosts, versionOf } from './hosts.mjs'

const HOST = fileURLToPath(new URL('floods/host.mjs', import.meta.url))
const RESULT = new URL('neighbours.json', import.meta.url)
/** A flood that takes this much longer than planned is taken to block its host. */
const SPARE_MS = 40_000

const USAGE = `npm run bench:neighbours -- [options]

  --hosts A,B       runtimes to run as host (default: all)
  --floods A,B      only these; prints, and leaves neighbours.json as it is
  --runtime NAME    what runs the hostile tools: bun (default) or node
  --seconds N       how long each flood lasts (default 6)
  --help

floods: ${FLOODS.map(({ name, does }) => `\n  ${name.padEnd(12)} ${does}`).join('')}
`

/** @param {string} text @param {string[]} known */
function chosen(text, known) {
  const names = text.split(',')
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new RangeError(`no ${unknown.join(', ')}; there is ${known.join(', ')}`)
  return names
}

async function runOn(host, flood, plan) {
  const folder = mkdtempSync(join(os.tmpdir(), 'toolwarden-bench-'))
  const resultFile = join(folder, 'result.json')
  try {
    const what = JSON.stringify({ flood: flood.name, plan, resultFile })
    const child = spawn(host.path, [HOST, what], { stdio: ['ignore', 2, 2] })
    const end = await finished(child, plan.quietMs + plan.floodMs + SPARE_MS)
    return end === null ? JSON.parse(readFileSync(resultFile, 'utf8')) : { flood: flood.name, notRun: `the host ${end}` }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function main() {
  const known = knownHosts()
  const { values } = parseArgs({
    options: {
      hosts: { type: 'string', default: known.map(({ name }) => name).join() },
      floods: { type: 'string' },
      runtime: { type: 'string', default: 'bun' },
      seconds: { type: 'string', default: '6' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return process.stdout.write(USAGE)
  const seconds = Number(values.seconds)
  if (!(seconds >= 1 && seconds <= 60)) throw new RangeError('--seconds must be 1 to 60')
  const [runtime] = chosen(values.runtime, ['bun', 'node'])
  const names = chosen(values.floods ?? FLOODS.map(({ name }) => name).join(), FLOODS.map(({ name }) => name))
  const floods = FLOODS.filter(({ name }) => names.includes(name))
  const plan = { quietMs: seconds * 1000, floodMs: seconds * 1000, runtime }
  compile()
  const hosts = []
  for (const name of chosen(values.hosts, known.map((host) => host.name))) {
    const host = known.find((one) => one.name === name)
    const taken = []
    for (const flood of floods) {
      const one = await runOn(host, flood, plan)
      taken.push(one)
      process.stderr.write(`${name} ${flood.name}: ${missed(one).join('; ') || 'met'}; its calls: ${JSON.stringify(one.outcomes ?? {})}\n`)
    }
    hosts.push({ name, version: versionOf(host), floods: taken })
    process.stdout.write(`\nHost ${name} ${versionOf(host)}, tools in ${runtime}, uid ${process.getuid?.()}, load ${os.loadavg()[0].toFixed(1)}\n\n${table(taken)}\n`)
  }
  const date = new Date().toISOString().slice(0, 10)
  const machine = { cpu: os.cpus()[0]?.model, cores: os.availableParallelism(), system: `${os.type()} ${os.release()} ${os.arch()}` }
  if (values.floods === undefined) writeFileSync(RESULT, `${JSON.stringify({ date, machine, uid: process.getuid?.(), ...plan, hosts }, null, 1)}\n`)
  process.exitCode = hosts.every((host) => host.floods.every((one) => missed(one).length === 0)) ? 0 : 1
}

await main()
