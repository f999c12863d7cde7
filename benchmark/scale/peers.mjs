/**
 * Compares how workers of a queue handle a job that allocates too much memory, a loop that is cancelled, and the end of their host.
 *
 *     node benchmark/scale/peers.mjs
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Queue } from 'bullmq'
import { startRedis } from '../../scripts/servers/redis.mjs'
import { descendantsOf, isAlive, untilGone } from './processes.mjs'

const HOST = fileURLToPath(new URL('./peer-host.mjs', import.meta.url))
const PEERS = ['BullMQ, process sandbox', 'BullMQ, thread sandbox', 'toolwarden, isolation "call"']
const LOOP_MS = 4000
const BOUND = 60_000

/** Calls `ask` until its answer is not false. */
async function until(ask, what) {
  const end = Date.now() + BOUND
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`hung: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function startHost(name, queue, connection, config) {
  const child = spawn(process.execPath, [HOST, name, queue.name, JSON.stringify(connection), JSON.stringify(config)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await until(() => said.includes('ready\n'), 'a host to start')
  return child
}

const ended = (job) => until(async () => ['completed', 'failed'].includes(await job.getState()), 'a job to end')
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])

/** Measures one worker: a row of the table, with the end of each job. */
async function look(name, connection) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'warden-peers-')))
  const queue = new Queue(`peers-${Date.now()}`, { connection })
  const host = await startHost(name, queue, connection, { maxMemoryMb: 512 })
  try {
    const large = await queue.add('memory', 2048)
    await ended(large)
    const found = await queue.getJob(large.id)
    const memory = found.failedReason?.split('\n')[0] ?? `completed (${found.returnvalue} MiB)`

    const loop = await queue.add('loop', LOOP_MS)
    await until(async () => (await loop.getState()) === 'active', 'the loop to start')
    // Gives the job time to enter its loop: no event announces that, and the loop runs for seconds.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const cancelled = performance.now()
    host.stdin.write(`cancel ${loop.id}\n`)
    await ended(loop)
    const loopMs = Math.round(performance.now() - cancelled)
    const loopState = await loop.getState()

    await queue.add('job', { id: 1, ms: 2000, dir })
    await until(() => lines(join(dir, 'starts')).length > 0, 'a job to start')
    const below = descendantsOf(host.pid)
    const gone = new Promise((resolve) => host.once('close', resolve))
    host.kill('SIGKILL')
    await gone
    const { ms, left } = await untilGone(below, 1000)
    // A process that outlives its host gets the time to finish its job.
    await untilGone(left, 5000)
    const effects = lines(join(dir, 'effects')).length
    for (const pid of left.filter(isAlive)) process.kill(pid, 'SIGKILL')
    return { name, memory, loop: `${loopState} after ${loopMs} ms`, loopMs, loopState, left: left.length, goneMs: Math.round(ms), effects }
  } finally {
    host.kill('SIGKILL')
    await queue.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** @param {string[]} [names] */
export async function peers(names = PEERS) {
  const server = await startRedis()
  try {
    const rows = []
    for (const name of names) rows.push(await look(name, server.connection))
    return rows
  } finally {
    await server.stop()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(`| worker | a job that allocates 2 GiB | a loop of ${LOOP_MS} ms that is cancelled | processes left a second after kill -9 of the host | the job of that host |\n|---|---|---|---|---|`)
  for (const { name, memory, loop, left, goneMs, effects } of await peers()) {
    console.log(`| ${name} | ${memory} | ${loop} | ${left === 0 ? `none, after ${goneMs} ms` : left} | ${effects > 0 ? 'is finished by the orphan' : 'has ended'} |`)
  }
  process.exit()
}
