import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

describe('A tool that was entered', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('fails-at-first.ts', { backoffInitialInterval: 5, backoffMaxInterval: 10, backoffMaxElapsedTime: '30s' })
  })
  const attemptsOfFailure = async (...call) => (await failure(manager.executeTool(...call))).attempts

  it('never runs again by itself, whether it threw, ended its process or took too long.', async () => {
    assert.equal(await attemptsOfFailure('throws-until', 2), 1)
    assert.equal(await attemptsOfFailure('exits-until', 2), 1)
    assert.equal(await attemptsOfFailure('hangs-until', 2, { timeout: 100 }), 1)
  })

  it('runs again when it threw and retry.on has "tool".', async () => {
    assert.equal(await manager.executeTool('throws-until', 3, { retry: { on: ['tool'] } }), 3)
  })

  it('runs again when its process ended and retry.on has "crash".', async () => {
    assert.equal(await manager.executeTool('exits-until', 3, { retry: { on: ['crash'] } }), 3)
  })

  it('runs again when it took too long and retry.on has "timeout", with the whole timeout for each attempt.', async () => {
    assert.equal(await manager.executeTool('hangs-until', 3, { timeout: 1000, retry: { on: ['timeout'] } }), 3)
  })

  it('does not run again for a reason that retry.on does not have.', async () => {
    assert.equal(await attemptsOfFailure('throws-until', 2, { retry: { on: ['start', 'crash', 'timeout'] } }), 1)
    assert.equal(await attemptsOfFailure('exits-until', 2, { retry: { on: ['start', 'tool', 'timeout'] } }), 1)
    assert.equal(await attemptsOfFailure('hangs-until', 2, { timeout: 100, retry: { on: ['start', 'tool', 'crash'] } }), 1)
  })

  it('runs retry.maxAttempts times at most, the first included.', async () => {
    assert.equal(await attemptsOfFailure('throws-until', 99, { retry: { on: ['tool'], maxAttempts: 3 } }), 3)
    assert.equal(await attemptsOfFailure('exits-until', 99, { retry: { on: ['crash'], maxAttempts: 2 } }), 2)
    assert.equal(await attemptsOfFailure('hangs-until', 99, { timeout: 50, retry: { on: ['timeout'], maxAttempts: 2 } }), 2)
  })

  it('is not retried when its error has retryable === false.', async () => {
    const input = { attempt: 2, retryable: false }
    assert.equal(await attemptsOfFailure('throws-until-and-says', input, { retry: { on: ['tool'] } }), 1)
  })

  it('is retried without being asked for when its error has retryable === true.', async () => {
    assert.equal((await manager.executeTool('throws-until-and-says', { attempt: 3, retryable: true })).attempt, 3)
  })

  it('is not retried at all when retry.on is empty, whatever its error asks for.', async () => {
    assert.equal(await attemptsOfFailure('throws-until-and-says', { attempt: 2, retryable: true }, { retry: { on: [] } }), 1)
  })

  it('is retried after error.retryAfter instead of the usual delay.', async () => {
    const patient = bench.openTools('fails-at-first.ts', { backoffInitialInterval: '1h', backoffMaxInterval: '1h', backoffMaxElapsedTime: '2h' })
    assert.equal((await patient.executeTool('throws-until-and-says', { attempt: 2, retryable: true, retryAfter: 1 })).attempt, 2)
  })

  it('is not retried before error.retryAfter has passed.', async () => {
    const begin = Date.now()
    const { time } = await manager.executeTool('throws-until-and-says', { attempt: 2, retryable: true, retryAfter: 400 })
    assert.ok(time - begin >= 400, `after ${time - begin} ms`)
  })

  it('is counted in stats().', async () => {
    const { retried } = manager.stats().calls
    await manager.executeTool('throws-until', 3, { retry: { on: ['tool'] } })
    assert.equal(manager.stats().calls.retried - retried, 2)
  })

  it('keeps its manager usable through every failed attempt of reused workers too.', async () => {
    const reusing = bench.openTools('fails-at-first.ts', { isolation: 'worker', maxWorkers: 1, backoffInitialInterval: 5 })
    assert.equal(await reusing.executeTool('throws-until', 3, { retry: { on: ['tool'] } }), 3)
    assert.equal(await reusing.executeTool('exits-until', 3, { retry: { on: ['crash'] } }), 3)
  })
})
