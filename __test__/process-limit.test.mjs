import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { failure } from './support/outcomes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const OPTIONS = { bunPermissions: ['--allow-run', '--allow-read'], minWorkers: 0, toolExecutionTimeout: '60s' }

/** How many processes of a group are still running. */
function livingInGroup(group) {
  const living = (pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, , ofGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(ofGroup) === group && !'ZX'.includes(state)
    } catch {
      return false // it ended meanwhile
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && living(name)).length
}

describe('The number of processes', () => {
  const bench = workbench()

  it('may be what a build tool needs.', async () => {
    const manager = bench.openTools('many-processes.ts', { ...OPTIONS, gracePeriod: 0 })
    const recorded = new Promise((resolve) => manager.on('execution', resolve))
    const call = manager.executeTool('sleepers', { count: 128 }, { timeout: '1s' })
    assert.equal((await failure(call)).code, 'ERR_TOOL_TIMEOUT')
    assert.equal(livingInGroup((await recorded).pid), 0)
  })

  /** The second one doubles without end, unless the limit stops it. */
  for (const [tool, input] of [['sleepers', { count: 300 }], ['bomb', { depth: 10 }]]) {
    it(`is bounded: ${tool} ${JSON.stringify(input)} ends with the call.`, async () => {
      const manager = bench.openTools('many-processes.ts', OPTIONS)
      const recorded = new Promise((resolve) => manager.on('execution', resolve))
      const error = await failure(manager.executeTool(tool, input))
      // The memory of a fork bomb may exceed its own limit before its processes are counted.
      if (tool === 'bomb' && error.code === 'ERR_TOOL_OUT_OF_MEMORY') assert.match(error.message, /MiB of memory/)
      else {
        assert.equal(error.code, 'ERR_TOOL_KILLED', error.message)
        assert.equal(error.signal, 'SIGKILL')
        assert.match(error.message, /more than 256 processes/)
      }
      assert.equal(livingInGroup((await recorded).pid), 0)
    })
  }

  it('is bounded also after the answer, where the process lives on.', async () => {
    const manager = bench.openTools('many-processes.ts', { ...OPTIONS, isolation: 'worker', maxWorkers: 1 })
    const group = await manager.executeTool('bomb-and-answers', { depth: 10 })
    await until(() => livingInGroup(group) === 0, 'the bomb to be over')
    assert.notEqual(await manager.executeTool('bomb-and-answers', { depth: 0 }), group)
  })

  it('stays one where programs may not run.', async () => {
    const manager = bench.openTools('many-processes.ts', { ...OPTIONS, bunPermissions: ['--allow-read'] })
    const recorded = new Promise((resolve) => manager.on('execution', resolve))
    const error = await failure(manager.executeTool('bomb', { depth: 10 }, { timeout: '2s' }))
    assert.ok(['ERR_ACCESS_DENIED', 'ERR_TOOL_TIMEOUT', 'ERR_TOOL_EXITED'].includes(error.code), error.code)
    assert.deepEqual((await recorded).denials.map(({ flag }) => flag), ['--allow-run=sh'])
  })
})
