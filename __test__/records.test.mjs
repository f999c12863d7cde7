import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { bounded, passes } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** The record of one call, whatever its outcome. */
async function recordOf(manager, ...call) {
  const told = once(manager, 'execution')
  await manager.executeTool(...call).catch(() => {})
  const [record] = await bounded(told, 'the record of a call')
  return record
}

function assertComplete(record) {
  const fields = ['toolId', 'toolExecId', 'outcome', 'code', 'attempts', 'queueTime', 'startTime', 'executionTime', 'inputBytes', 'outputBytes', 'peakMemoryMb', 'pid', 'processStart', 'denials', 'denialsComplete']
  assert.deepEqual(Object.keys(record).toSorted(), fields.toSorted())
  for (const field of ['queueTime', 'startTime', 'executionTime', 'inputBytes', 'outputBytes']) {
    assert.ok(Number.isFinite(record[field]) && record[field] >= 0, `${field} = ${record[field]}`)
  }
  assert.ok(record.peakMemoryMb === null || record.peakMemoryMb > 0)
  assert.ok(Array.isArray(record.denials))
  assert.equal(typeof record.denialsComplete, 'boolean')
}

describe('The record of a call', () => {
  const bench = workbench()

  it('that succeeded has its sizes, its process and no code.', async () => {
    const manager = bench.openTools('slow.ts')
    const record = await recordOf(manager, 'pid', { a: '\u20ac' }, { toolExecId: 'exec-1' })
    assertComplete(record)
    assert.equal(record.toolId, 'pid')
    assert.equal(record.toolExecId, 'exec-1')
    assert.equal(record.outcome, 'success')
    assert.equal(record.code, null)
    assert.equal(record.attempts, 1)
    assert.equal(record.inputBytes, Buffer.byteLength('{"a":"\u20ac"}'))
    assert.equal(record.outputBytes, String(record.pid).length)
    assert.deepEqual(record.denials, [])
  })

  for (const [fixture, tool, input, options, outcome, code] of [
    ['throws.ts', 'throws-error', null, {}, 'error', 'ERR_TOOL_THREW'],
    ['exits.ts', 'exits', { code: 3 }, {}, 'error', 'ERR_TOOL_EXITED'],
    ['exits.ts', 'no-such-tool', null, {}, 'error', 'ERR_TOOL_NOT_FOUND'],
    ['bad-results.ts', 'returns-cycle', null, {}, 'error', 'ERR_OUTPUT_INVALID'],
    ['slow.ts', 'never-settles', null, { timeout: 50 }, 'timeout', 'ERR_TOOL_TIMEOUT'],
  ]) {
    it(`that failed has its code: ${code}.`, async () => {
      const record = await recordOf(bench.openTools(fixture), tool, input, options)
      assertComplete(record)
      assert.equal(record.outcome, outcome)
      assert.equal(record.code, code)
      assert.equal(record.attempts, 1)
    })
  }

  it('that was cancelled has the code ABORT_ERR.', async () => {
    const manager = bench.openTools('slow.ts')
    const control = new AbortController()
    const record = await recordOf(manager, 'never-settles', null, { signal: control.signal, onLog: () => control.abort() })
    assertComplete(record)
    assert.equal(record.outcome, 'cancelled')
    assert.equal(record.code, 'ABORT_ERR')
  })

  it('counts the attempts and the time of all of them.', async () => {
    const manager = bench.openTools('fails-at-first.ts', { backoffInitialInterval: 5 })
    const record = await recordOf(manager, 'hangs-until', 3, { timeout: 100, retry: { on: ['timeout'] } })
    assert.equal(record.outcome, 'success')
    assert.equal(record.attempts, 3)
    assert.ok(record.executionTime >= 200, `${record.executionTime} ms`)
  })

  it('tells the time in the queue apart from the time of execution.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 1, isolation: 'worker' })
    const records = []
    manager.on('execution', (record) => records.push(record))
    const logs = logCollector()
    const first = manager.executeTool('waits-for-file', { file: project.path('release'), value: 1 }, { toolExecId: 'first', onLog: logs.add })
    await logs.number('pid')
    const second = manager.executeTool('pid', null, { toolExecId: 'second' })
    await passes(300)
    project.write('release', '')
    await Promise.all([first, second])
    await manager.close()
    const byId = Object.fromEntries(records.map((record) => [record.toolExecId, record]))
    assert.ok(byId.second.queueTime >= 250, `${byId.second.queueTime} ms queued`)
    assert.ok(byId.first.executionTime >= 250, `${byId.first.executionTime} ms executed`)
    assert.ok(byId.second.executionTime < byId.second.queueTime)
    // The first call came while its process was starting, the second one when that had long been ready.
    assert.ok(byId.first.startTime > 0 && byId.first.startTime <= byId.first.queueTime, `${byId.first.startTime} ms of ${byId.first.queueTime}`)
    assert.equal(byId.second.startTime, 0)
  })

  it('comes exactly once for each of many calls.', async () => {
    const manager = bench.openTools('counts.ts', { maxWorkers: 4 })
    const records = []
    manager.on('execution', (record) => records.push(record))
    const calls = Array.from({ length: 30 }, (_, index) => manager.executeTool(['counts', 'throws', 'exits'][index % 3], null, { toolExecId: `exec-${index}` }))
    await Promise.allSettled(calls)
    await manager.close()
    assert.deepEqual(records.map(({ toolExecId }) => toolExecId).toSorted(), calls.map((_, index) => `exec-${index}`).toSorted())
  })

  it('reaches every listener, and none that was removed.', async () => {
    const manager = bench.openTools('values.ts')
    const heard = []
    const removed = () => heard.push('removed')
    manager.on('execution', removed)
    manager.on('execution', () => heard.push('kept'))
    manager.off('execution', removed)
    await recordOf(manager, 'echo', 1)
    assert.deepEqual(heard, ['kept'])
  })
})

describe('A listener that throws', () => {
  const bench = workbench()

  it('is not noticed by calls, nor by the close.', async () => {
    const host = bench.host('listener-throws.mjs', [bench.project({ tools: 'prints.ts' }).dir])
    const { lines, code, stderr } = await host.ended()
    assert.deepEqual(lines, ['{"ok":true}', '{"ok":true}', 'closed'], stderr)
    assert.equal(code, 0)
  })
})

describe('stats()', () => {
  const bench = workbench()

  it('counts the calls and what came of them.', async () => {
    const manager = bench.openTools('counts.ts')
    await Promise.allSettled(['counts', 'counts', 'throws', 'exits', 'no-such-tool'].map((tool) => manager.executeTool(tool)))
    const { calls } = manager.stats()
    assert.deepEqual(calls, { started: 5, succeeded: 2, failed: 3, retried: 0 })
  })

  it('shows the workers and the queue of the moment, and none after the close.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 2, minWorkers: 2, isolation: 'worker' })
    await manager.ready()
    assert.deepEqual(manager.stats().workers, { starting: 0, idle: 2, busy: 0 })
    const logs = logCollector()
    const input = { file: project.path('release'), value: 1 }
    const calls = [1, 2, 3].map(() => manager.executeTool('waits-for-file', input, { onLog: logs.add }))
    await logs.until((entries) => entries.length === 2, 'two running calls')
    assert.equal(manager.stats().workers.busy, 2)
    assert.equal(manager.stats().queued, 1)
    project.write('release', '')
    await Promise.all(calls)
    await manager.close()
    assert.deepEqual(manager.stats().workers, { starting: 0, idle: 0, busy: 0 })
    assert.equal(manager.stats().queued, 0)
    assert.equal(manager.stats().workerExits, 2)
  })
})
