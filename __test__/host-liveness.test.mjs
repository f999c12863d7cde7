import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { needsLinux } from './support/needs.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, processEnd } from './support/processes.mjs'
import { REAL_BUN } from './support/project.mjs'
import { passes } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

describe('A host', () => {
  const bench = workbench()
  const host = (name, tools, ...args) => bench.host(name, [bench.project({ tools }).dir, ...args])

  it('is not kept alive by a manager that has nothing to do.', async () => {
    const { code, signal, lines, stderr } = await host('ends-with-idle-manager.mjs', 'slow.ts').ended()
    assert.equal(lines.at(-1), 'nothing left to do', stderr)
    assert.deepEqual({ code, signal }, { code: 0, signal: null })
  })

  it('is not kept alive by a manager that just warms its workers.', async () => {
    const { code, signal, lines, stderr } = await host('ends-without-a-call.mjs', 'slow.ts').ended()
    assert.deepEqual(lines, ['nothing left to do'], stderr)
    assert.deepEqual({ code, signal }, { code: 0, signal: null })
  })

  it('is kept alive by a pending call.', async () => {
    const { code, lines, stderr } = await host('leaves-a-call-pending.mjs', 'slow.ts').ended()
    assert.deepEqual(lines, ['left the call pending', 'answer late'], stderr)
    assert.equal(code, 0)
  })

  for (const [signal, tool] of [['SIGKILL', 'never-settles'], ['SIGKILL', 'loops-for-ever'], ['SIGTERM', 'loops-for-ever'], ['SIGKILL', 'stops-itself']]) {
    it(`that ends by ${signal} takes its worker along, whose tool ${tool.replaceAll('-', ' ')}.`, async () => {
      const started = host('waits-in-a-call.mjs', 'slow.ts', tool)
      const pid = await started.output.number('pid')
      assert.equal(isRunning(pid), true)
      started.kill(signal)
      await started.ended()
      await processEnd(pid)
    })
  }

  for (const way of ['exit', 'throw']) {
    it(`that ends by ${way === 'exit' ? 'process.exit()' : 'an uncaught exception'} takes its worker along.`, async () => {
      const started = host('exits-in-a-call.mjs', 'slow.ts', way)
      const pid = await started.output.number('pid')
      const { code } = await started.ended()
      assert.equal(code, way === 'exit' ? 0 : 1)
      await processEnd(pid)
    })
  }

  it('keeps turning its event loop while workers start.', needsLinux, async () => {
    const { lines, stderr } = await host('measures-spawn-blocking.mjs', 'slow.ts', REAL_BUN).ended()
    assert.equal(lines.length, 1, stderr)
    const { ours, blocking } = JSON.parse(lines[0])
    assert.ok(ours < blocking / 2, `the loop stood still for ${ours} ms, a start that blocks it takes ${blocking} ms`)
  })
})

describe('A host that is busy with something else', () => {
  const bench = workbench()
  /** The host's event loop does not run in the meantime, as if the host computed something. */
  const busyFor = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

  for (const isolation of ['call', 'worker']) {
    it(`finds the answers that came in time, however late it looks for them (isolation "${isolation}").`, async () => {
      const manager = bench.openTools('values.ts', { isolation, minWorkers: 2, maxWorkers: 2 })
      await manager.ready()
      const calls = Array.from({ length: 4 }, (_, i) => manager.executeTool('echo', i, { timeout: 1000 }))
      await Promise.resolve()
      busyFor(2000)
      assert.deepEqual(await Promise.all(calls), [0, 1, 2, 3])
    })
  }

  it('keeps no tool from handing over a result that fits no buffer.', async () => {
    const manager = bench.openTools('values.ts', { isolation: 'worker', minWorkers: 1 })
    await manager.ready()
    const large = 'x'.repeat(8 * 1024 * 1024)
    const call = manager.executeTool('echo', large, { timeout: 3000 })
    busyFor(5000)
    assert.equal((await call).length, large.length)
  })

  it('finds the answers of many processes.', async () => {
    const manager = bench.openTools('values.ts', { isolation: 'worker', minWorkers: 20, maxWorkers: 20 })
    await manager.ready()
    const calls = Array.from({ length: 20 }, (_, i) => manager.executeTool('echo', i, { timeout: 1000 }))
    await Promise.resolve()
    busyFor(1500)
    assert.deepEqual(await Promise.all(calls), Array.from({ length: 20 }, (_, i) => i))
  })

  it('has its timeouts kept all the same.', async () => {
    const manager = bench.openTools('slow.ts', { isolation: 'worker', minWorkers: 1 })
    await manager.ready()
    const before = manager.stats().workerExits
    const call = failure(manager.executeTool('loops-for-ever', null, { timeout: 100 }))
    busyFor(1500)
    assert.equal(manager.stats().workerExits, before + 1)
    assert.equal((await call).code, 'ERR_TOOL_TIMEOUT')
  })
})

describe('A host that is stopped, as by a debugger or a paused container', () => {
  const bench = workbench()

  for (const isolation of ['call', 'worker']) {
    for (const [size, what] of [[1, 'small'], [100_000, 'large']]) {
      it(`finds the ${what} answer that came in time once it goes on (isolation "${isolation}").`, async () => {
        const project = bench.project({ tools: 'slow.ts' })
        const timeout = 1000
        const input = { file: project.path('answer-now'), value: 'x'.repeat(size) }
        const args = ['waits-for-file', JSON.stringify(input), JSON.stringify({ timeout }), JSON.stringify({ isolation })]
        const started = bench.host('reports-a-call.mjs', [project.dir, ...args])
        await started.output.number('pid')
        started.kill('SIGSTOP')
        project.write('answer-now', '')
        // The deadline passes while the event loop is blocked. The tool looks for the file every 5 ms.
        await passes(timeout + 500)
        started.kill('SIGCONT')
        const { lines, stderr } = await started.ended()
        assert.equal(lines.at(-1), `value ${JSON.stringify(input.value)}`, stderr)
      })
    }
  }
})
