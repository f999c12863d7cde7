/** What a manager offers to those that hand out work and retry it by rules of their own. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, describe, it } from 'node:test'

import { toolProcessor } from '../js/adapters/bullmq.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, ownChildren } from './support/processes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

for (const isolation of ['call', 'worker']) {
  describe(`A call with isolation "${isolation}" made for a queue`, () => {
    const bench = workbench({ shared: true })
    let manager
    before(() => {
      manager = bench.openTools('for-queues.ts', { isolation, backoffInitialInterval: 1, backoffMaxInterval: 5, backoffMaxElapsedTime: '5s' })
    })

    it('tells its tool the attempt and the idempotency key, whatever characters the key has.', async () => {
      assert.deepEqual(await manager.executeTool('delivery'), { attempt: 1, idempotencyKey: null })
      for (const idempotencyKey of ['order-7', 'a"b\\c\n\u20ac\u{1f600}', '{}']) {
        assert.deepEqual(await manager.executeTool('delivery', null, { attempt: 7, idempotencyKey }), { attempt: 7, idempotencyKey })
      }
      assert.equal((await manager.executeTool('delivery', null, { attempt: 2 ** 32 - 1 })).attempt, 2 ** 32 - 1)
    })

    it('has the attempt in its record, beside the count of its own.', async () => {
      const told = once(manager, 'execution')
      await manager.executeTool('delivery', null, { attempt: 4 })
      const [record] = await bounded(told, 'the record of a call')
      assert.deepEqual([record.attempt, record.attempts], [4, 1])
    })

    for (const [options, field] of [
      [{ attempt: 0 }, 'attempt'],
      [{ attempt: 1.5 }, 'attempt'],
      [{ attempt: '2' }, 'attempt'],
      [{ attempt: 2 ** 32 }, 'attempt'],
      [{ idempotencyKey: '' }, 'idempotencyKey'],
      [{ idempotencyKey: 7 }, 'idempotencyKey'],
      [{ retry: { tool: 'sometimes' } }, 'retry.tool'],
      [{ retry: { tool: 'never', on: ['crash'] } }, 'retry.tool'],
    ]) {
      it(`is refused with ${JSON.stringify(options)}.`, async () => {
        const error = await failure(manager.executeTool('delivery', null, options))
        assert.deepEqual([error.code, error.field, error.fault], ['ERR_INPUT_INVALID', field, 'call'])
      })
    }

    for (const retry of [{ tool: 'never' }, { tool: 'never', on: ['start'] }, { on: [] }]) {
      it(`is not repeated once its tool was entered, with retry ${JSON.stringify(retry)}, whatever the tool says.`, async () => {
        const error = await failure(manager.executeTool('asks-for-another-attempt', null, { retry }))
        assert.deepEqual([error.code, error.attempts], ['ERR_TOOL_THREW', 1])
      })
    }

    it('by an adapter fails with a stack that leads through the code that awaits it.', async () => {
      const process = toolProcessor(manager, { logs: false })
      const error = await failure(process({ id: 'one', name: 'asks-for-another-attempt', queueName: 'queue', data: null, opts: {} }))
      assert.equal(error.cause.code, 'ERR_TOOL_THREW')
      assert.match(error.cause.stack, /at (?:async )?runTool .*processor\.js/)
      assert.match(error.cause.stack, /for-queues\.test\.mjs/)
    })

    for (const [reason, told] of [
      [new Error('lock lost'), 'AbortError: lock lost'],
      ['shutdown "now"', 'AbortError: shutdown "now"'],
      [new TypeError(''), 'AbortError: TypeError'],
      [new DOMException('the user left', 'AbortError'), 'AbortError: the user left'],
      [undefined, 'AbortError: The call was cancelled'],
      ['x'.repeat(5000), `AbortError: ${'x'.repeat(1000)}`],
      [{ get message() { throw new Error('of a getter') } }, 'AbortError: Object'],
    ]) {
      it(`tells its tool why it was cancelled: ${told.slice(0, 50)}.`, async () => {
        const control = new AbortController()
        const logs = logCollector()
        const call = failure(manager.executeTool('tells-why-it-ends', null, { signal: control.signal, onLog: logs.add }))
        await logs.line('listening')
        control.abort(reason)
        const error = await call
        assert.deepEqual([error.code, error.fault], ['ABORT_ERR', 'call'])
        assert.equal(error.cause, control.signal.reason)
        assert.ok(logs.texts().includes(told), logs.texts().join('\n'))
      })
    }
  })
}

describe('The slots of a manager', () => {
  const bench = workbench()

  it('are the calls it can run at once.', () => {
    const slots = (config) => bench.openTools('for-queues.ts', { minWorkers: 0, maxWorkers: 3, ...config }).slots
    assert.equal(slots({}), 3)
    assert.equal(slots({ concurrentCallsPerWorker: 1 }), 3)
    assert.equal(slots({ isolation: 'worker', concurrentCallsPerWorker: 10 }), 30)
  })
})

describe('close({ timeout })', () => {
  const bench = workbench()

  async function busy() {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 1 })
    const logs = logCollector()
    const call = manager.executeTool('waits-for-file', { file: project.path('release'), value: 'released' }, { onLog: logs.add })
    return { manager, call, pid: await logs.number('pid'), release: () => project.write('release', '') }
  }

  it('waits for the running calls when they end in time.', async () => {
    const { manager, call, release } = await busy()
    const closed = manager.close({ timeout: '1h' })
    release()
    assert.equal(await call, 'released')
    await bounded(closed, 'a close')
    assert.deepEqual(ownChildren(), [])
  })

  it('ends the calls that are still running then.', async () => {
    const { manager, call, pid } = await busy()
    const error = failure(call)
    await bounded(manager.close({ timeout: 20 }), 'a close')
    assert.deepEqual([(await error).code, (await error).fault], ['ERR_MANAGER_CLOSED', 'host'])
    assert.equal(isRunning(pid), false)
  })

  it('of zero is a forced close, and overtakes one that waits.', async () => {
    const { manager, call } = await busy()
    const error = failure(call)
    const waiting = manager.close({ timeout: '800h' })
    await bounded(manager.close({ timeout: 0 }), 'a close without a wait')
    await bounded(waiting, 'the close that was overtaken')
    assert.equal((await error).code, 'ERR_MANAGER_CLOSED')
  })

  it('with what is no duration is refused, and the manager stays open.', async () => {
    const manager = bench.openTools('for-queues.ts')
    for (const timeout of [-1, 'soon', null, Number.NaN]) {
      const error = await failure(manager.close({ timeout }))
      assert.deepEqual([error.code, error.field], ['ERR_INPUT_INVALID', 'timeout'])
    }
    assert.equal((await manager.executeTool('delivery')).attempt, 1)
  })
})
