import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { ToolExecutionError } from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, ownChildren } from './support/processes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** A manager with one call that runs until release() and one that waits behind it. */
async function busy(bench) {
  const project = bench.project({ tools: 'slow.ts' })
  const manager = bench.open(project, { maxWorkers: 1 })
  const logs = logCollector()
  const input = { file: project.path('release'), value: 'released' }
  const running = manager.executeTool('waits-for-file', input, { onLog: logs.add })
  const pid = await logs.number('pid')
  const queued = manager.executeTool('waits-for-file', { ...input, value: 'queued' })
  return { manager, running, queued, pid, release: () => project.write('release', '') }
}

describe('Closing a manager', () => {
  const bench = workbench()

  it('waits for the running and the queued calls, and refuses new ones.', async () => {
    const { manager, running, queued, release } = await busy(bench)
    const closed = manager.close()
    const error = await failure(manager.executeTool('pid', null, { toolExecId: 'late' }))
    assert.equal(error.code, 'ERR_MANAGER_CLOSED')
    assert.ok(error instanceof ToolExecutionError)
    assert.equal(error.toolId, 'pid')
    assert.equal(error.toolExecId, 'late')
    release()
    assert.deepEqual(await Promise.all([running, queued]), ['released', 'queued'])
    await bounded(closed, 'a close')
    assert.deepEqual(ownChildren(), [])
  })

  it('by force ends the running and the queued calls with ERR_MANAGER_CLOSED.', async () => {
    const { manager, running, queued, pid } = await busy(bench)
    const errors = Promise.all([failure(running), failure(queued)])
    await bounded(manager.close({ force: true }), 'a forced close')
    for (const error of await errors) {
      assert.equal(error.code, 'ERR_MANAGER_CLOSED')
      assert.ok(error instanceof ToolExecutionError)
    }
    assert.equal(isRunning(pid), false)
    assert.deepEqual(ownChildren(), [])
  })

  it('by force overtakes a close that waits.', async () => {
    const { manager, running, queued } = await busy(bench)
    const errors = Promise.all([failure(running), failure(queued)])
    const waiting = manager.close()
    await bounded(manager.close({ force: true }), 'a forced close')
    await bounded(waiting, 'the close that was overtaken')
    assert.deepEqual((await errors).map(({ code }) => code), ['ERR_MANAGER_CLOSED', 'ERR_MANAGER_CLOSED'])
  })

  it('may be repeated, at the same time and afterwards.', async () => {
    const manager = bench.openTools('values.ts')
    await Promise.all([manager.close(), manager.close(), manager.close({ force: true })])
    await manager.close()
    await manager.close({ force: true })
  })

  it('works right after construction.', async () => {
    await bounded(bench.openTools('values.ts').close(), 'a close')
    assert.deepEqual(ownChildren(), [])
  })

  it('reaps every process, warm ones too.', async () => {
    const manager = bench.openTools('values.ts', { minWorkers: 3, maxWorkers: 3 })
    await manager.ready()
    await manager.executeTool('echo', 1)
    await manager.close()
    assert.deepEqual(ownChildren(), [])
  })

  it('refuses what comes afterwards, without an exception.', async () => {
    const manager = bench.openTools('values.ts')
    await manager.close()
    assert.equal((await failure(manager.executeTool('echo', 1))).code, 'ERR_MANAGER_CLOSED')
    assert.equal((await failure(manager.executeToolWithTimeout('echo', 1, '1s'))).code, 'ERR_MANAGER_CLOSED')
    const error = await failure(manager.ready())
    assert.equal(error.code, 'ERR_MANAGER_CLOSED')
    assert.match(error.hint, /new Manager/)
  })

  it('rejects a ready() that was still waiting.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const manager = bench.open(project, { sandbox: 'off', runtimePath: project.fakeRuntime('hangs-before-ready.sh') })
    const waiting = failure(manager.ready())
    await manager.close({ force: true })
    const error = await waiting
    assert.equal(error.code, 'ERR_MANAGER_CLOSED')
    assert.match(error.hint, /new Manager/)
  })

  it('happens at the end of an `await using` block.', async () => {
    const manager = bench.openTools('values.ts')
    assert.equal(await manager.executeTool('echo', 1), 1)
    await manager[Symbol.asyncDispose]()
    assert.equal((await failure(manager.executeTool('echo', 1))).code, 'ERR_MANAGER_CLOSED')
    assert.deepEqual(ownChildren(), [])
  })
})
