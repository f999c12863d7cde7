import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { ToolExecutionError, ValidationError } from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning } from './support/processes.mjs'
import { passes } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const RUN = { bunPermissions: ['--allow-read', '--allow-run'] }

async function timedOut(call) {
  const error = await failure(call)
  assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
  assert.ok(error instanceof ToolExecutionError)
  assert.equal(error.timedOut, true)
  assert.equal(error.operation, 'execute')
  assert.equal(error.attempts, 1)
  return error
}

describe('The timeout of a call', () => {
  const bench = workbench()

  for (const tool of ['takes-two-seconds', 'loops-for-ever', 'never-settles', 'stops-itself', 'listens-but-never-ends']) {
    it(`ends a tool that ${tool.replaceAll('-', ' ')}, and its process.`, async () => {
      const logs = logCollector()
      const manager = bench.openTools('slow.ts', { gracePeriod: 100 })
      manager.on('log', logs.add)
      await timedOut(manager.executeTool(tool, null, { timeout: 100 }))
      assert.equal(isRunning(await logs.number('pid')), false)
      assert.equal(typeof (await manager.executeTool('pid')), 'number')
    })
  }

  it('ends a tool whose child keeps the inherited output open, and the child.', async () => {
    const logs = logCollector()
    const manager = bench.openTools('children.ts', RUN)
    manager.on('log', logs.add)
    await timedOut(manager.executeTool('waits-with-a-sleeper', null, { timeout: '300ms' }))
    assert.equal(isRunning(await logs.number('sleeper')), false)
  })

  it('ends a shell that ignores every polite signal.', async () => {
    const logs = logCollector()
    const manager = bench.openTools('children.ts', RUN)
    manager.on('log', logs.add)
    await timedOut(manager.executeTool('leaves-a-shell-that-ignores-term', null, { timeout: '300ms' }))
    assert.equal(isRunning(await logs.number('shell')), false)
  })

  it('of the options is used instead of the global one.', async () => {
    const manager = bench.openTools('slow.ts', { toolExecutionTimeout: '50s' })
    await timedOut(manager.executeTool('never-settles', null, { timeout: '50ms' }))
  })

  it('of executeToolWithTimeout is used instead of the global one.', async () => {
    const manager = bench.openTools('slow.ts', { toolExecutionTimeout: '50s' })
    await timedOut(manager.executeToolWithTimeout('never-settles', null, 50))
  })

  it('of the configuration is used when the call has none.', async () => {
    const manager = bench.openTools('slow.ts', { toolExecutionTimeout: '50ms' })
    assert.equal(manager.getGlobalTimeout(), 50)
    await timedOut(manager.executeTool('never-settles'))
  })

  it('gives a tool that listens to its signal the time to clean up, and stays the reason.', async () => {
    const logs = logCollector()
    const manager = bench.openTools('slow.ts', { gracePeriod: '20s' })
    manager.on('log', logs.add)
    await timedOut(manager.executeTool('cleans-up-on-abort', null, { timeout: 100 }))
    await logs.line('cleaned up')
  })

  it('with a gracePeriod of 0 ends at once also a tool that listens.', async () => {
    const logs = logCollector()
    const manager = bench.openTools('slow.ts', { gracePeriod: 0 })
    manager.on('log', logs.add)
    await timedOut(manager.executeTool('cleans-up-on-abort', null, { timeout: 100 }))
    assert.equal(isRunning(await logs.number('pid')), false)
    assert.ok(!logs.texts().includes('cleaned up'))
  })

  it('does not wait for a tool that does not listen, however long the gracePeriod.', async () => {
    // A grace period beyond the limit for a hang: if it were granted to the wrong tool, that would show as a hang.
    const manager = bench.openTools('slow.ts', { gracePeriod: '10m' })
    await timedOut(manager.executeTool('loops-for-ever', null, { timeout: 100 }))
    await timedOut(manager.executeTool('never-settles', null, { timeout: 100 }))
  })

  it('does not count the time a call waits in the queue.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 1, minWorkers: 0 })
    const logs = logCollector()
    const file = project.path('release')
    const first = manager.executeTool('waits-for-file', { file, value: 1 }, { onLog: logs.add })
    await logs.number('pid')
    const second = manager.executeTool('pid', null, { timeout: 1200 })
    // The call waits in the queue for longer than it may run.
    await passes(1500)
    project.write('release', '')
    assert.equal(await first, 1)
    assert.equal(typeof (await second), 'number')
  })

  it('is in the message.', async () => {
    const error = await timedOut(bench.openTools('slow.ts').executeTool('never-settles', null, { timeout: 120 }))
    assert.match(error.message, /120/)
  })
})

describe('A timeout option', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('values.ts')
  })

  const REFUSED = [0, -1, NaN, Infinity, -Infinity, '', ' ', 'soon', '10', '0s', '-5s', '5 apples', '1m30', 's', true, {}, [], 10n, Symbol('x')]
  for (const timeout of REFUSED) {
    it(`is refused when it is ${typeof timeout} ${typeof timeout === 'object' ? JSON.stringify(timeout) : String(timeout)}.`, async () => {
      for (const call of [
        manager.executeTool('echo', 1, { timeout }),
        manager.executeToolWithTimeout('echo', 1, timeout),
        manager.executeToolWithTimeout('echo', 1, '5s', { timeout }),
      ]) {
        const error = await failure(call)
        assert.equal(error.code, 'ERR_INPUT_INVALID')
        assert.ok(error instanceof ValidationError)
        assert.equal(error.field, 'timeout')
        assert.equal(error.operation, 'validate inputs')
      }
    })
  }

  for (const timeout of [10_000, 9999.5, '10s', '10000ms', '1m', '1h', '1m30s', '1h1m1s1ms']) {
    it(`is accepted when it is ${JSON.stringify(timeout)}.`, async () => {
      assert.equal(await manager.executeTool('echo', 1, { timeout }), 1)
      assert.equal(await manager.executeToolWithTimeout('echo', 1, timeout), 1)
    })
  }
})
