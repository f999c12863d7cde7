import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'

import { ToolExecutionError } from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

describe('The queue', () => {
  const bench = workbench()
  /** A manager whose only worker is busy until release(). */
  const occupied = async (config) => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 1, ...config })
    const logs = logCollector()
    const input = { file: project.path('release'), value: 'released' }
    const running = manager.executeTool('waits-for-file', input, { onLog: logs.add })
    await logs.number('pid')
    return { manager, running, release: () => project.write('release', '') }
  }

  it('refuses one call more than maxQueue with ERR_QUEUE_FULL, and only that one.', async () => {
    const { manager, running, release } = await occupied({ maxQueue: 2 })
    const queued = [manager.executeTool('pid'), manager.executeTool('pid')]
    const error = await failure(manager.executeTool('pid', null, { toolExecId: 'one-too-many' }))
    assert.equal(error.code, 'ERR_QUEUE_FULL')
    assert.ok(error instanceof ToolExecutionError)
    assert.equal(error.operation, 'queue')
    assert.equal(error.toolExecId, 'one-too-many')
    assert.equal(manager.stats().queued, 2)
    release()
    assert.equal(await running, 'released')
    for (const pid of await Promise.all(queued)) assert.equal(typeof pid, 'number')
  })

  it('of length 0 refuses every call that would have to wait.', async () => {
    const { manager, running, release } = await occupied({ maxQueue: 0 })
    const error = await failure(manager.executeTool('pid'))
    assert.equal(error.code, 'ERR_QUEUE_FULL')
    assert.match(error.message, /: no call may wait, as `maxQueue` has it$/)
    release()
    await running
  })

  it('that was full emits drain once.', async () => {
    const { manager, running, release } = await occupied({ maxQueue: 1 })
    let drains = 0
    manager.on('drain', () => (drains += 1))
    const drained = once(manager, 'drain')
    const queued = manager.executeTool('pid')
    assert.match((await failure(manager.executeTool('pid'))).message, /: 1 call waits already,/)
    assert.equal(drains, 0)
    release()
    await Promise.all([running, queued, bounded(drained, 'drain')])
    await manager.executeTool('pid')
    await manager.close()
    assert.equal(drains, 1)
  })

  it('that was never full does not emit drain.', async () => {
    const { manager, running, release } = await occupied({ maxQueue: 5 })
    let drains = 0
    manager.on('drain', () => (drains += 1))
    const queued = manager.executeTool('pid')
    release()
    await Promise.all([running, queued])
    await manager.close()
    assert.equal(drains, 0)
  })

  it('is free again when a waiting call is cancelled.', async () => {
    const { manager, running, release } = await occupied({ maxQueue: 1 })
    const control = new AbortController()
    const cancelled = failure(manager.executeTool('pid', null, { signal: control.signal }))
    assert.equal((await failure(manager.executeTool('pid'))).code, 'ERR_QUEUE_FULL')
    control.abort()
    assert.equal((await cancelled).code, 'ABORT_ERR')
    const next = manager.executeTool('pid')
    release()
    await running
    assert.equal(typeof (await next), 'number')
  })

  it('is served first come, first served.', async () => {
    const { manager, running, release } = await occupied({})
    const order = []
    const queued = Array.from({ length: 10 }, (_, index) => manager.executeTool('pid').then(() => order.push(index)))
    release()
    await Promise.all([running, ...queued])
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('lets no more than maxWorkers calls run at once.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 2 })
    const logs = logCollector()
    const input = { file: project.path('release'), value: 1 }
    const calls = Array.from({ length: 5 }, () => manager.executeTool('waits-for-file', input, { onLog: logs.add }))
    await logs.until((entries) => entries.length === 2, 'two running calls')
    const { busy, idle, starting } = manager.stats().workers
    assert.deepEqual({ busy, others: idle + starting }, { busy: 2, others: 0 })
    assert.equal(manager.stats().queued, 3)
    project.write('release', '')
    await Promise.all(calls)
  })
})
