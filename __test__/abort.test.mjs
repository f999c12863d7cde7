import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { ToolwardenError, ValidationError } from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, processEnd } from './support/processes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

function assertAborted(error, reason) {
  assert.equal(error.code, 'ABORT_ERR')
  assert.equal(error.name, 'AbortError')
  assert.ok(error instanceof ToolwardenError)
  assert.equal(error.cause, reason)
}

describe('An AbortSignal', () => {
  const bench = workbench()

  it('that has aborted already keeps the tool from running.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    const signal = AbortSignal.abort('changed my mind')
    assertAborted(await failure(manager.executeTool('prints-twenty-lines', null, { signal, onLog: logs.add })), 'changed my mind')
    await manager.close()
    assert.deepEqual(logs.entries, [])
  })

  it('that aborts while the call is queued keeps the tool from running.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const manager = bench.open(project, { maxWorkers: 1 })
    const logs = logCollector()
    const running = manager.executeTool('waits-for-file', { file: project.path('release'), value: 'first' }, { onLog: logs.add })
    await logs.number('pid')
    const control = new AbortController()
    const queuedLogs = logCollector()
    const queued = manager.executeTool('takes-two-seconds', null, { signal: control.signal, onLog: queuedLogs.add })
    await until(() => manager.stats().queued === 1, 'the second call to be queued')
    control.abort()
    assertAborted(await failure(queued), control.signal.reason)
    assert.equal(manager.stats().queued, 0)
    project.write('release', '')
    assert.equal(await running, 'first')
    assert.deepEqual(queuedLogs.entries, [])
  })

  it('that aborts while the worker starts ends the call, and later the worker.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const manager = bench.open(project, { runtimePath: project.fakeRuntime('hangs-before-ready.sh'), sandbox: 'off', minWorkers: 0 })
    const control = new AbortController()
    const call = manager.executeTool('echo', 1, { signal: control.signal })
    const pid = await until(() => readPid(project.path('hung')), 'the runtime to start')
    const reason = new Error('a reason of its own')
    control.abort(reason)
    assertAborted(await failure(call), reason)
    await manager.close({ force: true })
    assert.equal(isRunning(pid), false)
  })

  it('that aborts while the tool runs lets it clean up when it listens.', async () => {
    const manager = bench.openTools('slow.ts', { gracePeriod: '20s' })
    const control = new AbortController()
    const logs = logCollector()
    const call = manager.executeTool('cleans-up-on-abort', null, { signal: control.signal, onLog: logs.add })
    const pid = await logs.number('pid')
    control.abort({ any: 'value' })
    assertAborted(await failure(call), control.signal.reason)
    await logs.line('cleaned up')
    await processEnd(pid)
  })

  it('that aborts while the tool runs ends it after gracePeriod when it listens and does not end.', async () => {
    const manager = bench.openTools('slow.ts', { gracePeriod: 100 })
    const control = new AbortController()
    const logs = logCollector()
    const call = manager.executeTool('listens-but-never-ends', null, { signal: control.signal, onLog: logs.add })
    const pid = await logs.number('pid')
    control.abort()
    assertAborted(await failure(call), control.signal.reason)
    assert.equal(isRunning(pid), false)
    await logs.line('abort was heard')
  })

  for (const tool of ['never-settles', 'loops-for-ever', 'stops-itself']) {
    it(`that aborts ends at once a tool that does not listen: ${tool.replaceAll('-', ' ')}.`, async () => {
      const manager = bench.openTools('slow.ts', { gracePeriod: '10m' })
      const control = new AbortController()
      const logs = logCollector()
      manager.on('log', logs.add)
      const call = manager.executeTool(tool, null, { signal: control.signal })
      const pid = await logs.number('pid')
      control.abort()
      assertAborted(await failure(call), control.signal.reason)
      assert.equal(isRunning(pid), false)
      assert.equal(typeof (await manager.executeTool('pid')), 'number')
    })
  }

  it('that aborts during the delay before a retry ends the call.', async () => {
    const manager = bench.openTools('fails-at-first.ts', { backoffInitialInterval: '1h', backoffMaxInterval: '1h', backoffMaxElapsedTime: '5h' })
    const control = new AbortController()
    const logs = logCollector()
    const options = { signal: control.signal, retry: { on: ['tool'] }, onLog: logs.add }
    const call = manager.executeTool('throws-until', 99, options)
    await logs.line('attempt 1')
    await until(() => manager.stats().calls.retried === 1 || manager.stats().workers.busy === 0, 'the first attempt to end')
    control.abort()
    assertAborted(await failure(call), control.signal.reason)
  })

  it('that aborts after the answer changes nothing.', async () => {
    const manager = bench.openTools('values.ts')
    const control = new AbortController()
    assert.equal(await manager.executeTool('echo', 1, { signal: control.signal }), 1)
    control.abort()
    assert.equal(await manager.executeTool('echo', 2), 2)
  })

  it('keeps its onabort and loses no listener to the call.', async () => {
    const manager = bench.openTools('values.ts')
    const control = new AbortController()
    const { signal } = control
    let heard = 0
    signal.onabort = () => (heard += 1)
    const held = new Map()
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (type, listener, ...rest) => {
      held.set(listener, true)
      addEventListener.call(signal, type, listener, ...rest)
    }
    signal.removeEventListener = (type, listener, ...rest) => {
      held.delete(listener)
      removeEventListener.call(signal, type, listener, ...rest)
    }
    for (let call = 0; call < 3; call += 1) await manager.executeTool('echo', call, { signal })
    assert.equal(held.size, 0)
    control.abort()
    assert.equal(heard, 1)
  })

  it('with a timeout of its own gives its own reason.', async () => {
    const manager = bench.openTools('slow.ts')
    const signal = AbortSignal.timeout(100)
    const error = await failure(manager.executeTool('never-settles', null, { signal }))
    assertAborted(error, signal.reason)
    assert.equal(error.cause.name, 'TimeoutError')
  })

  for (const signal of [{}, 'now', 1, new AbortController()]) {
    it(`is refused when it is none: ${typeof signal} ${String(signal)}.`, async () => {
      const error = await failure(bench.openTools('values.ts').executeTool('echo', 1, { signal }))
      assert.equal(error.code, 'ERR_INPUT_INVALID')
      assert.ok(error instanceof ValidationError)
      assert.equal(error.field, 'signal')
    })
  }
})

/** The process id that a fake runtime wrote, once it has written it. */
function readPid(path) {
  try {
    return Number(readFileSync(path, 'utf8').split('\n')[0])
  } catch {
    return 0
  }
}
