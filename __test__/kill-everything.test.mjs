import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { needsGuardian, needsSandbox } from './support/needs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, processEnd } from './support/processes.mjs'
import { workbench } from './support/workbench.mjs'

const OPTIONS = { bunPermissions: ['--allow-run', '--allow-read'], minWorkers: 0, gracePeriod: '100ms' }

/** Tools that each start programs which try to outlive them; two of the programs print their process ids. */
const ESCAPES = ['setsid', 'double-fork', 'ignored-signals', 'stopped', 'nohup']

/** Only the sandbox keeps these from leaving the process group. @param {string} tool @param {object} others */
const needsFor = (tool, others = {}) => (['setsid', 'detached'].includes(tool) ? needsSandbox : others)

const pidsIn = (lines) => lines.flatMap((line) => /^pid=(\d+)$/.exec(line)?.[1] ?? []).map(Number)

describe('Programs that a tool started', () => {
  const bench = workbench()

  /** Starts a call and waits for the two programs. */
  const start = async (tool, options = {}, config = {}) => {
    const manager = bench.openTools('many-processes.ts', { ...OPTIONS, ...config })
    const logs = logCollector()
    const call = manager.executeTool(tool, null, { onLog: logs.add, ...options })
    call.catch(() => {})
    await logs.until(() => pidsIn(logs.texts()).length === 2, 'two programs')
    const pids = pidsIn(logs.texts())
    return { manager, call, pids }
  }

  const ENDINGS = {
    'a timeout': async (tool) => {
      // Long enough for both to have started: the test is about the processes that are left when the call settles.
      const { call, pids } = await start(tool, { timeout: '2s' })
      return { code: (await failure(call)).code, expected: 'ERR_TOOL_TIMEOUT', pids }
    },
    'a cancellation': async (tool) => {
      const abort = new AbortController()
      const { call, pids } = await start(tool, { signal: abort.signal })
      assert.deepEqual(pids.map(isRunning), [true, true])
      abort.abort()
      return { code: (await failure(call)).code, expected: 'ABORT_ERR', pids }
    },
    'a forced close': async (tool) => {
      const { manager, call, pids } = await start(tool)
      await manager.close({ force: true })
      return { code: (await failure(call)).code, expected: 'ERR_MANAGER_CLOSED', pids }
    },
  }
  for (const [ending, run] of Object.entries(ENDINGS)) {
    for (const tool of [...ESCAPES, 'detached']) {
      it(`(${tool}) are gone when the call settles by ${ending}.`, needsFor(tool), async () => {
        const { code, expected, pids } = await run(tool)
        assert.equal(code, expected)
        assert.deepEqual(pids.map(isRunning), [false, false])
      })
    }
  }

  it('go with a host that ends by SIGKILL after it closed another manager, with which it shares the guardian.', needsGuardian, async () => {
    const { dir } = bench.project({ tools: 'many-processes.ts' })
    const host = bench.host('closes-another-manager.mjs', [dir, 'nohup', JSON.stringify(OPTIONS)])
    await host.output.until(() => pidsIn(host.output.texts()).length === 2, 'two programs')
    const pids = pidsIn(host.output.texts())
    assert.deepEqual(pids.map(isRunning), [true, true])
    host.kill('SIGKILL')
    await host.ended()
    for (const pid of pids) await processEnd(pid)
  })

  for (const tool of ESCAPES) {
    it(`(${tool}) go with the process of a call that answered.`, needsFor(tool), async () => {
      const manager = bench.openTools('many-processes.ts', OPTIONS)
      const logs = logCollector()
      assert.equal(await manager.executeTool(`${tool}-and-answers`, null, { onLog: logs.add }), 'answered')
      await logs.until(() => pidsIn(logs.texts()).length === 2, 'two programs')
      for (const pid of pidsIn(logs.texts())) await processEnd(pid)
    })

    for (const signal of ['SIGKILL', 'SIGTERM']) {
      it(`(${tool}) go with a host that ends by ${signal}.`, needsFor(tool, needsGuardian), async () => {
        const { dir } = bench.project({ tools: 'many-processes.ts' })
        const host = bench.host('waits-in-a-call.mjs', [dir, tool, JSON.stringify(OPTIONS)])
        await host.output.until(() => pidsIn(host.output.texts()).length === 2, 'two programs')
        const pids = pidsIn(host.output.texts())
        assert.deepEqual(pids.map(isRunning), [true, true])
        host.kill(signal)
        await host.ended()
        for (const pid of pids) await processEnd(pid)
      })
    }
  }
})
