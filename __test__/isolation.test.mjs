import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, processEnd } from './support/processes.mjs'
import { SANDBOX } from './support/settings.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const ONE_WORKER = { isolation: 'worker', minWorkers: 1, maxWorkers: 1 }

describe('Isolation "call"', () => {
  const bench = workbench()

  it('gives every call a process and module state of its own.', async () => {
    const manager = bench.openTools('counts.ts')
    const results = [await manager.executeTool('counts'), await manager.executeTool('counts'), await manager.executeTool('counts')]
    assert.deepEqual(results.map(({ calls }) => calls), [1, 1, 1])
    assert.equal(new Set(results.map(({ pid }) => pid)).size, 3)
  })

  it('ends the process of a call after its answer.', async () => {
    const { pid } = await bench.openTools('counts.ts').executeTool('counts')
    await processEnd(pid)
  })

  it('starts on demand with minWorkers 0, and keeps none.', async () => {
    const manager = bench.openTools('counts.ts', { minWorkers: 0 })
    await manager.ready()
    assert.deepEqual(manager.stats().workers, { starting: 0, idle: 0, busy: 0 })
    assert.equal((await manager.executeTool('counts')).calls, 1)
    await until(() => Object.values(manager.stats().workers).every((count) => count === 0), 'no worker to be left')
  })

  it('keeps minWorkers processes ready, also after they were used.', async () => {
    const manager = bench.openTools('counts.ts', { minWorkers: 2, maxWorkers: 3 })
    await manager.ready()
    assert.equal(manager.stats().workers.idle, 2)
    await Promise.all([manager.executeTool('counts'), manager.executeTool('counts')])
    await until(() => manager.stats().workers.idle === 2, 'the workers to be replaced')
  })
})

describe('Isolation "worker"', () => {
  const bench = workbench()

  it('serves call after call with one process and its state.', async () => {
    const manager = bench.openTools('counts.ts', ONE_WORKER)
    const results = [await manager.executeTool('counts'), await manager.executeTool('counts'), await manager.executeTool('counts')]
    assert.deepEqual(results.map(({ calls }) => calls), [1, 2, 3])
    assert.equal(new Set(results.map(({ pid }) => pid)).size, 1)
  })

  it('keeps the process after a tool threw.', async () => {
    const manager = bench.openTools('counts.ts', ONE_WORKER)
    await failure(manager.executeTool('throws'))
    assert.equal((await manager.executeTool('counts')).calls, 2)
  })

  it('replaces a process that ended, timed out or was cancelled.', async () => {
    const manager = bench.openTools('counts.ts', ONE_WORKER)
    const first = await manager.executeTool('counts')
    assert.equal((await failure(manager.executeTool('exits'))).code, 'ERR_TOOL_EXITED')
    const second = await manager.executeTool('counts')
    assert.notEqual(second.pid, first.pid)
    assert.equal((await failure(manager.executeTool('waits-for-file', { file: 'never' }, { timeout: 50 }))).code, 'ERR_TOOL_TIMEOUT')
    const third = await manager.executeTool('counts')
    assert.notEqual(third.pid, second.pid)
    const control = new AbortController()
    const options = { signal: control.signal, onLog: () => control.abort() }
    assert.equal((await failure(manager.executeTool('waits-for-file', { file: 'never' }, options))).code, 'ABORT_ERR')
    const fourth = await manager.executeTool('counts')
    assert.notEqual(fourth.pid, third.pid)
    for (const { pid } of [first, second, third]) assert.equal(isRunning(pid), false)
  })

  it('replaces a process after maxCallsPerWorker calls.', async () => {
    const manager = bench.openTools('counts.ts', { ...ONE_WORKER, maxCallsPerWorker: 2 })
    const calls = []
    for (let call = 0; call < 5; call += 1) calls.push((await manager.executeTool('counts')).calls)
    assert.deepEqual(calls, [1, 2, 1, 2, 1])
  })

  it('has the env of a call in process.env for that call only.', async () => {
    const manager = bench.openTools('environment.ts', ONE_WORKER)
    const seen = (env) => manager.executeTool('context-and-process', 'CALL_VALUE', { env })
    assert.deepEqual(await seen({ CALL_VALUE: 'one' }), { context: 'one', process: 'one' })
    assert.deepEqual(await seen(undefined), { context: null, process: null })
    assert.deepEqual(await seen({ CALL_VALUE: 'two' }), { context: 'two', process: 'two' })
  })

  it('gives back a variable of the host that the env of a call had covered.', async () => {
    const manager = bench.openTools('environment.ts', ONE_WORKER)
    assert.equal(await manager.executeTool('get', 'HOME', { env: { HOME: '/covered' } }), '/covered')
    assert.equal(await manager.executeTool('get', 'HOME'), process.env.HOME ?? null)
  })

  it('tells each call its own execution id.', async () => {
    const manager = bench.openTools('environment.ts', ONE_WORKER)
    for (const toolExecId of ['exec-1', 'exec-2']) {
      assert.equal(await manager.executeTool('get', 'TOOLWARDEN_TOOL_EXEC_ID', { toolExecId }), toolExecId)
    }
  })

  it('runs concurrentCallsPerWorker calls at once in a process.', async () => {
    const project = bench.project({ tools: 'counts.ts' })
    const manager = bench.open(project, { ...ONE_WORKER, concurrentCallsPerWorker: 3 })
    const logs = logCollector()
    const calls = Array.from({ length: 4 }, () => manager.executeTool('waits-for-file', { file: project.path('release') }, { onLog: logs.add }))
    await logs.until((entries) => entries.length === 3, 'three running calls')
    assert.equal(manager.stats().queued, 1)
    project.write('release', '')
    assert.equal(new Set(await Promise.all(calls)).size, 1)
  })

  it('retires a process above minWorkers that stays unused for idleTimeout.', async () => {
    const manager = bench.openTools('counts.ts', { isolation: 'worker', minWorkers: 0, idleTimeout: '50ms' })
    const { pid } = await manager.executeTool('counts')
    await processEnd(pid)
    await until(() => manager.stats().workers.idle === 0, 'no idle worker to be left')
    assert.equal((await manager.executeTool('counts')).calls, 1)
  })
})

describe('ready() and listTools()', () => {
  const bench = workbench()

  it('may be asked before, after and many times at once.', async () => {
    const manager = bench.openTools('named-exports.ts')
    await Promise.all([manager.ready(), manager.ready(), manager.listTools(), manager.listTools()])
    await manager.ready()
    const tools = await manager.listTools()
    const permissions = SANDBOX === 'off' ? [] : ['--allow-read']
    assert.deepEqual(tools.toSorted((a, b) => (a.id < b.id ? -1 : 1)), [
      { id: 'adds', description: null, inputSchema: null, outputSchema: null, permissions },
      { id: 'greets', description: null, inputSchema: null, outputSchema: null, permissions },
    ])
  })

  it('work with no warm worker.', async () => {
    const manager = bench.openTools('named-exports.ts', { minWorkers: 0 })
    await manager.ready()
    assert.equal((await manager.listTools()).length, 2)
  })
})
