import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { compile, copyTools } from './support/attack-natives.mjs'
import { fixturePath } from './support/project.mjs'
import { isRunning, ownChildren, processEnd } from './support/processes.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const ORIGIN_BOUND = 60_000

/** The group of a process; undefined where it has ended. */
function groupOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[2])
  } catch {
    return undefined
  }
}

/** What an origin answers instead of the id of a child. */
const LIES = ['silent', 'ends', 'itself', 'host', 'init', 'none', 'failure', 'other', 'huge']

describe('An origin that', () => {
  const bench = workbench({ shared: true })
  const managers = new Map()
  let bystander
  before(async () => {
    // A child of the host that has nothing to do with the manager.
    bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
    // All of them wait for the end of Bun's threads at the same time.
    await Promise.all(
      LIES.map(async (kind) => {
        const files = { 'tools.mjs': readFileSync(fixturePath('lying-origin.mjs')), 'lie.json': JSON.stringify({ kind, pid: bystander.pid }) }
        const manager = bench.open(bench.project({ files }), { processStart: 'fork', minWorkers: 0, entrypointPath: './tools.mjs' })
        managers.set(kind, manager)
        await bounded(manager.ready(), `the origin that is ${kind}`, ORIGIN_BOUND)
      }),
    )
  })
  after(() => bystander.kill('SIGKILL'))

  for (const kind of LIES) {
    it(`answers a request for a child with a lie is ended, and processes are started: ${kind}.`, async () => {
      const manager = managers.get(kind)
      const { pid } = manager.stats().origin
      assert.ok(isRunning(pid))
      const answer = await bounded(manager.executeTool('answers'), 'a call', 10_000)
      assert.deepEqual([answer.isOrigin, answer.pid === pid], [false, false])
      const { state, reason, forked } = manager.stats().origin
      assert.deepEqual([state, forked], ['unavailable', 0])
      assert.match(reason, /^a fork failed: fork: /)
      await processEnd(pid)
      assert.ok(!ownChildren().includes(pid), 'it is not reaped')
      assert.ok(isRunning(bystander.pid), 'somebody else was ended')
      assert.equal((await manager.executeTool('answers')).isOrigin, false)
    })
  }
})

describe('An origin that makes a child and does not tell of it', () => {
  const bench = workbench()
  it('is ended together with the child.', async () => {
    compile()
    const project = bench.project({ files: { 'tools.mjs': readFileSync(fixturePath('lying-origin.mjs')), 'lie.json': JSON.stringify({ kind: 'hides' }) } })
    copyTools(project.dir)
    const manager = bench.open(project, { processStart: 'fork', minWorkers: 0, entrypointPath: './tools.mjs' })
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    const { pid } = manager.stats().origin
    await until(() => manager.stats().workers.idle + manager.stats().workers.busy === 0, 'the first processes to end')
    const others = new Set(ownChildren().filter((child) => child !== pid))
    const calling = manager.executeTool('answers')
    const hidden = await until(() => ownChildren().find((child) => groupOf(child) === pid && child !== pid), 'the hidden child')
    assert.equal((await bounded(calling, 'a call', 10_000)).isOrigin, false)
    await processEnd(pid)
    await processEnd(hidden)
    await until(() => ownChildren().every((child) => others.has(child)), 'both to be reaped')
  })
})

describe('An origin that is stopped', () => {
  const bench = workbench()
  it('is ended after a second, its next child is started instead, and another origin follows.', async () => {
    const manager = bench.open(bench.project({ files: { 'tools.ts': 'export const f = () => process.pid\n' } }), { processStart: 'fork', minWorkers: 0 })
    const records = []
    manager.on('execution', (record) => records.push(record))
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    await manager.executeTool('f')
    const { pid } = manager.stats().origin
    process.kill(pid, 'SIGSTOP')
    await bounded(manager.executeTool('f'), 'a call', 10_000)
    await until(() => records.length === 2, 'the records')
    assert.deepEqual(records.map(({ processStart }) => processStart), ['fork', 'spawn'])
    await processEnd(pid)
    assert.ok(!ownChildren().includes(pid), 'it is not reaped')
    await until(async () => (await manager.executeTool('f')) && manager.stats().origin.state === 'serving', 'another origin', ORIGIN_BOUND)
    assert.notEqual(manager.stats().origin.pid, pid)
  })

  it('does not keep close() from returning.', async () => {
    const manager = bench.open(bench.project({ files: { 'tools.ts': 'export const f = () => process.pid\n' } }), { processStart: 'fork', minWorkers: 0 })
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    const { pid } = manager.stats().origin
    process.kill(pid, 'SIGSTOP')
    await bounded(manager.close(), 'close()', 5_000)
    assert.equal(isRunning(pid), false)
  })
})
