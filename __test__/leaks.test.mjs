import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import { openDescriptors, ownChildren } from './support/processes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const MIB = 1024 * 1024
const TOOLS = ['counts', 'counts', 'counts', 'throws', 'counts', 'counts', 'exits', 'counts', 'counts', 'no-such-tool']

/** Runs calls of every outcome, eight at a time. */
async function runCalls(manager, count) {
  const outcomes = { settled: 0, fine: 0 }
  let next = 0
  const lane = async () => {
    while (next < count) {
      const tool = TOOLS[next++ % TOOLS.length]
      const control = new AbortController()
      await manager.executeTool(tool, { filler: 'x'.repeat(1000) }, { signal: control.signal, onLog: () => {} }).then(
        () => (outcomes.fine += 1),
        () => {},
      )
      outcomes.settled += 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return outcomes
}

describe('500 calls', () => {
  const bench = workbench()

  for (const isolation of ['call', 'worker']) {
    it(`leave no descriptor, no process and no file behind (isolation ${isolation}).`, async () => {
      const project = bench.project({ tools: 'counts.ts' })
      const childrenBefore = ownChildren()
      const descriptorsBefore = openDescriptors()
      const manager = bench.open(project, { isolation, maxWorkers: 4, maxStderrCaptureSize: 1000 })

      await runCalls(manager, 100)
      const warm = process.memoryUsage().rss
      const descriptorsWarm = openDescriptors()
      const outcomes = await runCalls(manager, 400)
      const grown = (process.memoryUsage().rss - warm) / MIB

      assert.deepEqual(outcomes, { settled: 400, fine: 280 })
      assert.ok(grown < 100, `grew by ${grown.toFixed(1)} MiB`)
      // Workers start and end: each takes a few descriptors, and no more workers than the limit may be alive.
      assert.ok(openDescriptors() - descriptorsWarm < 40, `${descriptorsWarm} -> ${openDescriptors()} descriptors`)
      const { calls, queued } = manager.stats()
      assert.deepEqual(calls, { started: 500, succeeded: 350, failed: 150, retried: 0 })
      assert.equal(queued, 0)

      await manager.close()
      assert.deepEqual(ownChildren().filter((pid) => !childrenBefore.includes(pid)), [])
      // The runtime of the host may keep a few descriptors of its own, opened on first use and never closed.
      await until(() => openDescriptors() <= descriptorsBefore + 6, `descriptors to be closed: ${descriptorsBefore} before`)
      assert.deepEqual(readdirSync(project.dir).filter((name) => name !== '.toolwarden'), ['tools.ts'])
    })
  }
})

describe('50 managers one after the other', () => {
  const bench = workbench()

  it('leave no descriptor and no process behind.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const cycle = async (count) => {
      for (let round = 0; round < count; round += 1) {
        const manager = bench.open(project)
        assert.equal(await manager.executeTool('echo', round), round)
        await manager.close()
      }
    }
    await cycle(5)
    const before = openDescriptors()
    await cycle(45)
    await until(() => openDescriptors() <= before + 3, `descriptors to be closed: ${before} before`)
    assert.deepEqual(ownChildren(), [])
  })
})

describe('The temporary directory', () => {
  const bench = workbench()

  it('is empty after a manager was used and closed.', async () => {
    const project = bench.project({ tools: 'values.ts', files: { 'tmp/keep': '' } })
    const host = bench.host('leaves-nothing-in-tmp.mjs', [project.dir], { env: { TMPDIR: project.path('tmp') } })
    const { lines, stderr } = await host.ended()
    assert.deepEqual(lines, ['closed'], stderr)
    assert.deepEqual(readdirSync(project.path('tmp')), ['keep'])
  })
})
