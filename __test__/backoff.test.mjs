import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { ProcessError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** No process is started before a call needs one, so that every start belongs to the call. */
const FAST = { sandbox: 'off', minWorkers: 0, maxWorkers: 1, backoffInitialInterval: 5, backoffMaxInterval: 20, backoffMaxElapsedTime: 400 }

/** The times at which the fake runtime was started, in milliseconds. */
const starts = (project) =>
  readFileSync(project.path('starts'), 'utf8')
    .trim()
    .split('\n')
    .map((nanoseconds) => Number(nanoseconds) / 1e6)

describe('Starting a worker', () => {
  const bench = workbench()
  const faked = (runtime, config) => {
    const project = bench.project({ tools: 'context.ts' })
    return { project, manager: bench.open(project, { ...FAST, runtimePath: project.fakeRuntime(runtime), ...config }) }
  }

  it('is tried again until it works: a runtime that fails twice.', async () => {
    const { project, manager } = faked('fails-twice-then-works.sh', { backoffMaxElapsedTime: '20s' })
    const records = []
    manager.on('execution', (record) => records.push(record))
    const { attempt } = await manager.executeTool('context')
    assert.equal(attempt, 3)
    assert.equal(starts(project).length, 3)
    await manager.close()
    assert.deepEqual(records.map(({ outcome, attempts }) => ({ outcome, attempts })), [{ outcome: 'success', attempts: 3 }])
    assert.equal(manager.stats().calls.retried, 2)
  })

  it('also for warm workers: ready() resolves once one of them works.', async () => {
    const { manager } = faked('fails-twice-then-works.sh', { minWorkers: 1, backoffMaxElapsedTime: '20s' })
    await manager.ready()
    assert.equal((await manager.executeTool('context')).toolId, 'context')
  })

  for (const [runtime, exit] of [
    ['always-fails.sh', { exitCode: 7, signal: null }],
    ['dies-before-ready.sh', { exitCode: 0, signal: null }],
    ['killed-before-ready.sh', { exitCode: null, signal: 'SIGKILL' }],
  ]) {
    it(`fails with ERR_WORKER_START once backoffMaxElapsedTime is over: ${runtime}.`, async () => {
      const { project, manager } = faked(runtime)
      const error = await failure(manager.executeTool('context'))
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.ok(error instanceof ProcessError)
      assert.equal(error.operation, 'start worker')
      assert.deepEqual({ exitCode: error.exitCode, signal: error.signal }, exit)
      assert.ok(error.attempts >= 2, `${error.attempts} attempts`)
      assert.equal(error.attempts, starts(project).length)
      assert.notEqual(error.cause, undefined)
    })
  }

  it('fails with what the runtime wrote to stderr.', async () => {
    const { manager } = faked('always-fails.sh')
    assert.ok((await failure(manager.executeTool('context'))).stderr.includes('start refused on purpose'))
  })

  it('is tried retry.maxAttempts times.', async () => {
    for (const maxAttempts of [1, 2]) {
      const { project, manager } = faked('always-fails.sh', { backoffMaxElapsedTime: '20s' })
      const error = await failure(manager.executeTool('context', null, { retry: { maxAttempts } }))
      assert.equal(error.attempts, maxAttempts)
      assert.equal(starts(project).length, maxAttempts)
    }
  })

  it('is not tried again when retry.on leaves it out.', async () => {
    const { manager } = faked('always-fails.sh', { backoffMaxElapsedTime: '20s' })
    assert.equal((await failure(manager.executeTool('context', null, { retry: { on: [] } }))).attempts, 1)
  })

  it('waits longer from attempt to attempt, and starts none after backoffMaxElapsedTime.', async () => {
    const limits = { backoffInitialInterval: 10, backoffMaxInterval: '10s', backoffMaxElapsedTime: 2000 }
    const { project, manager } = faked('always-fails.sh', limits)
    const { attempts } = await failure(manager.executeTool('context'))
    // Waits that stay at 10 ms for 2 s would make about a hundred attempts.
    assert.ok(attempts >= 3 && attempts <= 30, `${attempts} attempts`)
    const times = starts(project)
    const startUp = 1000
    assert.ok(times.at(-1) - times[0] < 2000 + startUp, `${times.at(-1) - times[0]} ms from the first to the last`)
  })

  for (const runtime of ['always-fails.sh', 'dies-unused.sh']) {
    it(`is never tried twice within one delay, and not for ever, when no call waits for it: ${runtime}.`, async () => {
      const interval = 60
      const limits = { backoffInitialInterval: interval, backoffMaxInterval: interval, backoffMaxElapsedTime: 500 }
      const { project, manager } = faked(runtime, { minWorkers: 1, ...limits })
      await failure(manager.ready())
      // Nothing is being started: the manager has given up until the next call.
      const times = starts(project)
      assert.ok(times.length >= 2, `${times.length} starts`)
      for (const [at, time] of times.slice(1).entries()) {
        // A delay is chosen at random between half the interval and the interval.
        assert.ok(time - times[at] >= interval / 2, `start ${at + 2} came ${time - times[at]} ms after the one before`)
      }
    })
  }

  it('of warm workers fails ready() too, and not for ever anew.', async () => {
    const { manager } = faked('always-fails.sh', { minWorkers: 1 })
    const error = await failure(manager.ready())
    assert.equal(error.code, 'ERR_WORKER_START')
    assert.ok(error.attempts >= 2)
  })
})
