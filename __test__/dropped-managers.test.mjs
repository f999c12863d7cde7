import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import { Manager } from '../index.js'
import { collectGarbage } from './support/collect.mjs'
import { openDescriptors, ownChildren } from './support/processes.mjs'
import { SANDBOX } from './support/settings.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Collects garbage until the condition is true; finalizers run in turns of their own. */
const collectUntil = (condition, what) =>
  until(() => {
    if (condition()) return true
    collectGarbage()
    return false
  }, what)

describe('A manager that is dropped without close()', () => {
  const bench = workbench()

  for (const isolation of ['call', 'worker']) {
    it(`is collected, with its processes, descriptors and files (isolation "${isolation}").`, async () => {
      const project = bench.project({ tools: 'values.ts' })
      // Resources that the first manager of a host opens for good are not counted.
      const first = bench.open(project, { isolation })
      await first.executeTool('echo', 1)
      await first.close()
      const children = ownChildren().length
      const descriptors = openDescriptors()

      const useAndDrop = async () => {
        const managers = Array.from({ length: 8 }, (_, at) => new Manager(project.dir, { sandbox: SANDBOX, isolation, maxOutputSize: 10_000 + at }))
        managers[0].on('execution', () => {})
        await Promise.all(managers.map((manager) => manager.ready()))
        for (const [at, manager] of managers.entries()) assert.equal(await manager.executeTool('echo', at), at)
        // A process that served its call is replaced a moment after the answer. The managers are named here so that none is collected yet.
        await until(() => managers.length > 0 && ownChildren().length >= children + 4, 'processes to wait for calls')
      }
      await useAndDrop()

      await collectUntil(() => ownChildren().length <= children, 'the processes of dropped managers to end')
      await collectUntil(() => openDescriptors() <= descriptors + 6, `descriptors to be closed: ${descriptors} before`)
      await until(() => readdirSync(project.dir).join() === 'tools.ts', 'the files of dropped managers to be removed')
    })
  }

  it('stays while a call of it runs, a question is open or close() is not over.', async () => {
    const project = bench.project({ tools: 'slow.ts' })
    const go = project.path('go')
    const start = () => {
      const manager = new Manager(project.dir, { sandbox: SANDBOX, minWorkers: 0 })
      const call = manager.executeTool('waits-for-file', { file: go, value: 'still there' })
      return { call, closed: manager.close(), ready: new Manager(project.dir, { sandbox: SANDBOX, minWorkers: 1 }).ready() }
    }
    const { call, closed, ready } = start()
    for (let round = 0; round < 20; round += 1) {
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
    }
    project.write('go', '')
    assert.equal(await bounded(call, 'the call to end'), 'still there')
    await bounded(closed, 'the manager to close')
    await bounded(ready, 'the other manager to be ready')
    await collectUntil(() => ownChildren().length === 0, 'its processes to end')
  })
})
