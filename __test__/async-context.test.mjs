import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'node:test'

import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const requests = new AsyncLocalStorage()

describe('The asynchronous context', () => {
  const bench = workbench()
  const open = (isolation) => requests.run('who made the manager', () => bench.openTools('progress.ts', { isolation, maxWorkers: 2, minWorkers: 2 }))

  for (const isolation of ['call', 'worker']) {
    it(`of onLog and onProgress is that of their call (isolation "${isolation}").`, async () => {
      const manager = open(isolation)
      const call = (name) =>
        requests.run(name, async () => {
          const found = []
          const find = () => found.push(requests.getStore())
          await manager.executeTool('prints-and-reports', null, { onLog: find, onProgress: find })
          return found
        })
      const names = ['one', 'two', 'three']
      const found = await Promise.all(names.map(call))
      for (const [at, name] of names.entries()) assert.deepEqual(found[at], Array.from({ length: 4 }, () => name))
    })

    it(`of an event's listener is that in which it was added (isolation "${isolation}").`, async () => {
      const manager = open(isolation)
      const found = []
      const listener = (how) => () => found.push([how, requests.getStore()])
      const recorded = new Promise((resolve) => {
        requests.run('a logger', () => manager.on('execution', listener('on')))
        requests.run('a test', () => manager.once('execution', listener('once')))
        requests.run('somebody first', () => manager.prependListener('execution', listener('prepend')))
        requests.run('the last', () => manager.on('execution', resolve))
      })
      await requests.run('a request', () => manager.executeTool('prints-and-reports'))
      await bounded(recorded, 'the record')
      assert.deepEqual(found, [['prepend', 'somebody first'], ['on', 'a logger'], ['once', 'a test']])
    })
  }

  it('takes nothing from off(), once() and listeners().', async () => {
    const manager = open('call')
    let heard = 0
    const listener = () => {
      heard++
    }
    manager.on('execution', listener).once('execution', listener)
    assert.deepEqual(manager.listeners('execution'), [listener, listener])
    manager.off('execution', listener).off('execution', listener)
    assert.equal(manager.listenerCount('execution'), 0)
    const recorded = new Promise((resolve) => manager.once('execution', resolve))
    await manager.executeTool('prints-and-reports')
    await bounded(recorded, 'the record')
    assert.equal(heard, 0)
  })
})
