import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { isRunning, processEnd } from './support/processes.mjs'
import { REAL_BUN } from './support/project.mjs'
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

  it('keeps turning its event loop while workers start.', async () => {
    const { lines, stderr } = await host('measures-spawn-blocking.mjs', 'slow.ts', REAL_BUN).ended()
    assert.equal(lines.length, 1, stderr)
    const { ours, blocking } = JSON.parse(lines[0])
    assert.ok(ours < blocking / 2, `the loop stood still for ${ours} ms, a start that blocks it takes ${blocking} ms`)
  })
})
