/** `npm run bench`: runs every scenario on every host, then writes results.json and the page made from it. */

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import process from 'node:process'
import { knownHosts, runOn, versionOf } from './hosts.mjs'
import { readCommandLine, USAGE } from './options.mjs'
import { PROFILES } from './profiles.mjs'
import { goalsText, resultsText, writePage } from './report.mjs'
import { SCENARIOS } from './scenarios/all.mjs'

const RESULTS = new URL('results.json', import.meta.url)
const PACKAGES = ['bun', 'deno', 'execa', 'piscina', 'tinypool', 'workerpool', '@anthropic-ai/sandbox-runtime', 'zod', 'ai']
/** A scenario that takes this much longer than planned is taken to hang. */
const SPARE_MS = 60_000

function packageVersions() {
  const require = createRequire(import.meta.url)
  const versions = {}
  for (const name of PACKAGES) {
    const folder = require.resolve.paths(name).map((path) => `${path}/${name}/package.json`)
    for (const path of folder) {
      try {
        versions[name] = JSON.parse(readFileSync(path, 'utf8')).version
        break
      } catch {
        // The package is in a node_modules further up, or not installed; the contestant itself reports the latter.
      }
    }
  }
  return versions
}

function machine() {
  const [{ model }] = os.cpus()
  return {
    cpu: model,
    cores: os.availableParallelism(),
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    load: Number(os.loadavg()[0].toFixed(1)),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  }
}

async function measureHost(host, { profile, heapMb, scenarios }) {
  const taken = []
  for (const scenario of SCENARIOS) {
    if (scenarios !== null && !scenarios.includes(scenario.name)) continue
    for (const entrypoint of scenario.entrypoints) {
      const from = performance.now()
      const limitMs = PROFILES[profile].budgetMs * 2 + SPARE_MS
      const entries = await runOn(host, scenario, { entrypoint, profile, heapMb, limitMs })
      taken.push({ scenario: scenario.name, entrypoint, entries })
      const seconds = ((performance.now() - from) / 1000).toFixed(1)
      process.stderr.write(`${host.name} ${scenario.name} ${entrypoint}: ${seconds} s\n`)
    }
  }
  return { name: host.name, version: versionOf(host), scenarios: taken }
}

async function main() {
  const known = knownHosts()
  const options = readCommandLine(process.argv.slice(2), known)
  if (options.help) return process.stdout.write(USAGE)
  const from = performance.now()
  const hosts = []
  for (const name of options.hosts) {
    hosts.push(await measureHost(known.find((host) => host.name === name), options))
  }
  const results = {
    profile: options.profile,
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round((performance.now() - from) / 1000),
    heapMb: options.heapMb,
    machine: machine(),
    versions: packageVersions(),
    hosts,
  }
  process.stdout.write(`${resultsText(results)}\n${goalsText(results)}\n`)
  if (options.scenarios === null) {
    writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`)
    writePage(results)
  }
}

await main()
