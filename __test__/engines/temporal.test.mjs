/** Tests tools as activities, with Temporal's own dev server. */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'

import { Manager } from '../../index.js'
import { toolActivities, workerOptions } from '../../js/adapters/temporal.js'
import { logCollector } from '../support/logs.mjs'
import { isRunning, processEnd } from '../support/processes.mjs'
import { startTemporal } from '../../scripts/servers/temporal.mjs'
import { SANDBOX } from '../support/settings.mjs'
import { bounded, until } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const WORKFLOWS = fileURLToPath(new URL('../fixtures/temporal/workflows.mjs', import.meta.url))

describe('A tool as an activity', () => {
  const bench = workbench({ shared: true })
  const taskQueue = 'tools'
  let server, connection, native, client, workflowBundle, project, manager, worker, running
  const told = []

  before(async () => {
    server = await startTemporal()
    Runtime.install({ logger: new DefaultLogger('INFO', (entry) => told.push(entry)), shutdownSignals: [] })
    workflowBundle = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: new DefaultLogger('ERROR') })
    connection = await Connection.connect({ address: server.address })
    native = await NativeConnection.connect({ address: server.address })
    client = new Client({ connection })
    project = bench.project({ tools: 'engines.ts' })
    manager = open()
    worker = await work(manager, taskQueue)
    running = worker.run()
  }, { timeout: 120_000 })

  after(async () => {
    try {
      if (worker?.getState() === 'RUNNING') worker.shutdown()
      await running
      await connection?.close()
      await native?.close()
    } finally {
      await server?.stop()
    }
  }, { timeout: 120_000 })

  const open = (config = {}) =>
    bench.open(project, { maxWorkers: 2, maxMemoryMb: 256, bunPermissions: ['--allow-read=.', '--allow-write=.'], ...config })
  const work = async (of, queue, options = {}, drain = '10s') =>
    Worker.create({ connection: native, taskQueue: queue, workflowBundle, activities: await toolActivities(of, options), ...workerOptions(of, { drain }) })
  const start = (tool, input, options, queue = taskQueue) =>
    client.workflow.start('runTool', { taskQueue: queue, workflowId: `w-${randomUUID()}`, args: [tool, input, options ?? {}] })
  const run = async (...given) => bounded((await start(...given)).result(), 'a workflow to end', 60_000)

  test('gives its result, and its tool has the attempt, an id and a key of its own', async () => {
    assert.deepEqual(await run('echo', { text: 'a\u20ac' }), { result: { text: 'a\u20ac' } })
    const handle = await start('delivery', 7)
    const { result } = await bounded(handle.result(), 'a workflow to end')
    const id = `${handle.workflowId}/${handle.firstExecutionRunId}/1`
    assert.deepEqual(result, { input: 7, config: null, toolExecId: id, idempotencyKey: id, attempt: 1, env: {} })
  })

  test('runs again by the policy of its activity, with the number of the attempt and the same id', async () => {
    assert.deepEqual(await run('throws-until', { attempt: 3 }), { result: 3 })
    const file = project.path(`starts-${randomUUID()}`)
    assert.deepEqual(await run('appends-start', { file, until: 2 }), { result: 2 })
  })

  test('waits as long as the error of its tool asks', async () => {
    // Without the error's `retryAfter` the retry policy would wait for an hour.
    const retry = { initialInterval: '1h', maximumAttempts: 2 }
    assert.deepEqual(await run('throws-until', { attempt: 2, retryAfter: 10 }, { retry }), { result: 2 })
  })

  for (const [tool, input, type] of [
    ['strict', { amount: 'much' }, 'ERR_INPUT_INVALID'],
    ['reads-hostname', {}, 'ERR_ACCESS_DENIED'],
    ['returns-bigint', {}, 'ERR_OUTPUT_INVALID'],
    ['allocates-megabytes', 2048, 'ERR_TOOL_OUT_OF_MEMORY'],
    ['throws-for-good', {}, 'ERR_TOOL_THREW'],
    ['returns-text-of-length', 2 * 1024 * 1024, 'ERR_OUTPUT_TOO_LARGE'],
  ]) {
    test(`fails for good at its first attempt: ${type} of ${tool}`, async () => {
      const { failed } = await run(tool, input, { retry: { maximumAttempts: 1_000_000 } })
      assert.deepEqual([failed.type, failed.nonRetryable, failed.details[0].code], [type, true, type])
      assert.match(failed.message, new RegExp(`^${type}: `))
      if (type === 'ERR_ACCESS_DENIED') {
        assert.deepEqual([failed.details[0].permission, failed.details[0].resource], ['read', '/etc/hostname'])
        assert.match(failed.details[0].hint, /--allow-read=\/etc\/hostname/)
      }
      if (type === 'ERR_INPUT_INVALID') assert.equal(failed.details[0].issues[0].path, 'amount')
      if (type === 'ERR_TOOL_THREW') assert.match(failed.stack, /throws-for-good/)
    })
  }

  test('of a size that the server still takes is a result', async () => {
    const { result } = await run('returns-text-of-length', 2 * 1024 * 1024 - 8192)
    assert.equal(result.length, 2 * 1024 * 1024 - 8192)
  })

  for (const [tool, type] of [['throws', 'ERR_TOOL_THREW'], ['throws-at-exit', 'ERR_TOOL_EXITED'], ['kills-itself', 'ERR_TOOL_KILLED']]) {
    test(`has the attempts of its policy otherwise: ${type}`, async () => {
      const records = []
      const listen = (record) => record.toolId === tool && records.push(record)
      manager.on('execution', listen)
      const { failed } = await run(tool, {}, { retry: { initialInterval: '10ms', maximumAttempts: 2 } })
      manager.off('execution', listen)
      assert.deepEqual([failed.type, failed.nonRetryable], [type, false])
      assert.deepEqual(records.map(({ attempt }) => attempt), [1, 2])
      if (type === 'ERR_TOOL_EXITED') assert.equal(failed.details[0].exitCode, 3)
    })
  }

  test('does not outlive its attempt: its timeout is that of the activity', async () => {
    const logs = logCollector()
    manager.on('log', logs.add)
    const { failed } = await run('loops-for-ever', {}, { startToCloseTimeout: '700ms', retry: { maximumAttempts: 1 } })
    assert.ok(failed.type === 'ERR_TOOL_TIMEOUT' || failed.name === 'TimeoutFailure', JSON.stringify(failed))
    await processEnd(await logs.number('pid'))
    manager.off('log', logs.add)
  })

  test('is cancelled with its workflow, also in a loop that never yields, since its host sends the heartbeats', async () => {
    const logs = logCollector()
    manager.on('log', logs.add)
    const handle = await start('loops-for-ever', {}, { heartbeatTimeout: '1s', cancellationType: 'WAIT_CANCELLATION_COMPLETED' })
    const pid = await logs.number('pid')
    await handle.cancel()
    assert.deepEqual(await bounded(handle.result(), 'a cancelled workflow to end'), { cancelled: true })
    assert.equal(isRunning(pid), false)
    manager.off('log', logs.add)
  })

  test('has its progress as details of heartbeats', async () => {
    const file = project.path(`release-${randomUUID()}`)
    const handle = await start('reports-until-file', { file }, { heartbeatTimeout: '1s' })
    const reported = async () => {
      const { raw } = await handle.describe()
      const [activity] = raw.pendingActivities ?? []
      const [payload] = activity?.heartbeatDetails?.payloads ?? []
      return payload === undefined || payload.data.length === 0 ? undefined : JSON.parse(Buffer.from(payload.data).toString())
    }
    await until(async () => (await reported())?.done > 0, 'progress in heartbeats')
    project.write(file.slice(project.dir.length + 1), '')
    assert.deepEqual(await bounded(handle.result(), 'a workflow to end'), { result: 'released' })
  })

  test('prints to the logger of its activity', async () => {
    assert.deepEqual(await run('prints-lines', 1), { result: 1 })
    assert.ok(told.some(({ level, message, meta }) => level === 'INFO' && message === 'line 0' && meta?.tool === 'prints-lines'))
    assert.ok(told.some(({ level, message }) => level === 'ERROR' && message === 'to stderr'))
    assert.deepEqual(await run('prints-controls'), { result: 'printed' })
    assert.ok(told.some(({ message }) => message === String.raw`a \u001b[2Jline that clears`))
  })

  test('goes to another worker when its own shuts down after its drain', async () => {
    const queue = `drained-${randomUUID()}`
    const first = open({ maxWorkers: 1 })
    const logs = logCollector()
    first.on('log', logs.add)
    const closing = await work(first, queue, {}, '100ms')
    const closed = closing.run()
    const name = `release-${randomUUID()}`
    const handle = await start('waits-for-file', { file: project.path(name), value: 'by the second' }, { heartbeatTimeout: '2s', retry: { maximumAttempts: 5 } }, queue)
    const pid = await logs.number('pid')
    closing.shutdown()
    await bounded(closed, 'a worker to shut down')
    assert.equal(isRunning(pid), false)
    project.write(name, '')
    const second = await work(manager, queue)
    const served = second.run()
    assert.deepEqual(await bounded(handle.result(), 'a workflow to end', 60_000), { result: 'by the second' })
    second.shutdown()
    await served
  })

  test('is tried on another worker where its own starts no tools', async () => {
    const queue = `broken-${randomUUID()}`
    const broken = new Manager(project.dir, { sandbox: SANDBOX, maxWorkers: 1, minWorkers: 0, bunPermissions: ['--allow-read=.'] })
    const activities = await toolActivities(broken, { tools: ['echo'] })
    await broken.close()
    const closed = await Worker.create({ connection: native, taskQueue: queue, workflowBundle, activities, ...workerOptions(broken) })
    const refusing = closed.run()
    const handle = await start('echo', 1, { retry: { initialInterval: '200ms', maximumAttempts: 1_000_000 } }, queue)
    const pending = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure?.applicationFailureInfo
    await until(pending, 'the failure of the closed manager')
    assert.deepEqual([(await pending()).type, (await pending()).nonRetryable ?? false], ['ERR_MANAGER_CLOSED', false])
    closed.shutdown()
    await refusing
    const good = await work(manager, queue)
    const served = good.run()
    assert.deepEqual(await bounded(handle.result(), 'a workflow to end', 60_000), { result: 1 })
    good.shutdown()
    await served
  })
})
