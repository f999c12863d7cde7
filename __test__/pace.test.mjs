import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { compile, copyTools } from './support/attack-natives.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** More than a process may send without a pause (src/dispatch/engine/pace.rs). */
const MANY = 120_000
/** The lines of a few bytes that it may print without a pause, and the lines in each second after that. */
const AT_ONCE = 200_000
const A_SECOND = 125_000
const FLOOD_MS = 3000

describe('A process that sends more than its share', () => {
  const bench = workbench()
  before(compile)

  for (const isolation of ['call', 'worker']) {
    it(`loses nothing of it, and what follows is answered: isolation "${isolation}".`, async () => {
      const manager = bench.openTools('progress.ts', { isolation, maxWorkers: 1, toolExecutionTimeout: '60s' })
      let expected = 1
      const onProgress = (value) => {
        assert.equal(value, expected)
        expected += 1
      }
      assert.equal(await bounded(manager.executeTool('counts-up', MANY, { onProgress }), 'the answer', 60_000), 'done')
      assert.equal(expected, MANY + 1)
      assert.equal(await bounded(manager.executeTool('counts-up', 3), 'an answer after it', 60_000), 'done')
    })

    it(`is read no faster than its share: isolation "${isolation}".`, async () => {
      const project = bench.project({})
      copyTools(project.dir)
      const manager = bench.open(project, { isolation, entrypointPath: './floods.mjs', bunPermissions: [] })
      await manager.ready()
      let lines = 0
      const began = performance.now()
      await manager.executeTool('logs', { ms: FLOOD_MS }, { timeout: '30s', onLog: () => (lines += 1) })
      const seconds = (performance.now() - began) / 1000
      assert.ok(lines > AT_ONCE / 4, `only ${lines} lines arrived`)
      // The lines of its last turn come on top.
      const most = 1.5 * (AT_ONCE + A_SECOND * seconds)
      assert.ok(lines < most, `${lines} lines in ${seconds.toFixed(1)} s, where ${Math.round(most)} are more than the share`)
    })
  }
})
