import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { ToolwardenError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { isRunning, ownChildren } from './support/processes.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const FAST = { sandbox: 'off', minWorkers: 0, maxWorkers: 1, backoffInitialInterval: 5, backoffMaxInterval: 10, backoffMaxElapsedTime: 300 }

describe('A runtime that misbehaves', () => {
  const bench = workbench()
  const faked = (runtime, config) => {
    const project = bench.project({ tools: 'values.ts' })
    return { project, manager: bench.open(project, { ...FAST, runtimePath: project.fakeRuntime(runtime), ...config }) }
  }
  const firstPid = (project) =>
    until(() => {
      try {
        return Number(readFileSync(project.path('hung'), 'utf8').split('\n')[0])
      } catch {
        return 0
      }
    }, 'the runtime to start')

  it('may flood stdout and stderr before it is ready: its pipes are served from the start.', async () => {
    const { manager } = faked('floods-then-works.sh')
    assert.deepEqual(await bounded(manager.executeTool('echo', { a: 1 }), 'a call behind a flood'), { a: 1 })
  })

  for (const runtime of ['hangs-before-ready.sh', 'floods-stdout.sh']) {
    it(`and never becomes ready does not outlive a forced close, which settles the call: ${runtime}.`, async () => {
      const { project, manager } = faked(runtime)
      const call = failure(manager.executeTool('echo', 1))
      const pid = await firstPid(project)
      await bounded(manager.close({ force: true }), 'a forced close')
      assert.equal((await call).code, 'ERR_MANAGER_CLOSED')
      assert.equal(isRunning(pid), false)
      assert.deepEqual(ownChildren(), [])
    })

    it(`and never becomes ready does not hold up the event loop or stats(): ${runtime}.`, async () => {
      const { project, manager } = faked(runtime)
      const call = failure(manager.executeTool('echo', 1))
      await firstPid(project)
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(manager.stats().workers.starting, 1)
      await manager.close({ force: true })
      await call
    })
  }

  it('and never reads what it is asked is ended by the timeout, however large the input.', async () => {
    const { manager } = faked('never-reads.sh')
    for (const input of ['small', 'x'.repeat(4 * 1024 * 1024)]) {
      const error = await failure(manager.executeTool('any', input, { timeout: 200 }))
      assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
    }
    await manager.close()
    assert.deepEqual(ownChildren(), [])
  })

  it('and ends when it was given a call fails that call with its exit code.', async () => {
    const { manager } = faked('exits-midcall.sh')
    const error = await failure(manager.executeTool('any', 1))
    assert.ok(['ERR_TOOL_EXITED', 'ERR_WORKER_START'].includes(error.code), error.code)
    assert.equal(error.exitCode, 9)
  })

  it('and writes what is no frame is ended, and the call fails.', async () => {
    const { manager } = faked('garbage-frames.sh')
    const error = await failure(manager.executeTool('any', 1))
    assert.ok(error instanceof ToolwardenError)
    assert.equal(error.code, 'ERR_WORKER_START')
    await manager.close()
    assert.deepEqual(ownChildren(), [])
  })

  it('and speaks another version of the protocol is not used, nor started again for the same call.', async () => {
    for (const version of [0, 2, 4_000_000_000]) {
      const { project, manager } = faked('speaks-protocol.sh')
      project.write('protocol', JSON.stringify({ protocol: version }))
      const error = await failure(manager.executeTool('any', 1))
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.match(error.message, new RegExp(`speaks version ${version} of toolwarden's protocol, and this host speaks version 1$`))
      assert.match(error.hint, /runtimePath.*reinstall toolwarden/)
      assert.equal(readFileSync(project.path('starts'), 'utf8').trim().split('\n').length, 1)
      assert.equal((await failure(manager.listTools())).code, 'ERR_WORKER_START')
      await manager.close()
      assert.deepEqual(ownChildren(), [])
    }
  })

  it('and sends a READY that cannot be read is not used either.', async () => {
    for (const ready of [{ protocol: '1' }, { protocol: null }, { entryTable: 'yes' }]) {
      const { project, manager } = faked('speaks-protocol.sh')
      project.write('protocol', JSON.stringify(ready))
      const error = await failure(manager.executeTool('any', 1))
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.match(error.message, /a READY that cannot be read$/)
    }
  })

  it('and speaks this version is asked.', async () => {
    const { project, manager } = faked('speaks-protocol.sh')
    project.write('protocol', JSON.stringify({ protocol: 1 }))
    assert.equal((await failure(manager.executeTool('any', 1))).exitCode, 9)
  })

  it('fails each of many calls at the same time.', async () => {
    const { manager } = faked('always-fails.sh', { maxWorkers: 3 })
    const errors = await Promise.all(Array.from({ length: 10 }, () => failure(manager.executeTool('echo', 1))))
    assert.deepEqual([...new Set(errors.map(({ code }) => code))], ['ERR_WORKER_START'])
  })
})
