/**
 * What a tool writes into an error is looked at to tell whether the sandbox refused it. A path on a mount that hangs makes that
 * look wait, and nothing else may wait with it.
 *
 * Needs root and /dev/fuse, as a mount is made.
 */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import './support/about-the-sandbox.mjs'
import { hangingMount } from './support/hanging-mount.mjs'
import { failure } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** A look that is slow for another reason must not fail the test: in one of so many rounds the other call is first. */
const ROUNDS = 5

const TOOLS = `
import { readFileSync } from 'node:fs'
const refused = (path) => Object.assign(new Error("EACCES: permission denied, open '" + path + "'"), { code: 'EACCES', errno: -13, syscall: 'open', path })
export const throws = (path) => { throw refused(path) }
export const throwsMany = (path) => { throw new AggregateError(Array.from({ length: 8 }, (_, i) => refused(path + i)), 'all failed') }
export const reads = (path) => readFileSync(path, 'utf8')
export const echo = (value) => value
`

describe('An error that names a path on a mount that hangs', () => {
  const bench = workbench()
  let mount
  before(async () => {
    mount = await hangingMount()
  })
  after(() => mount?.release())

  for (const isolation of ['worker', 'call']) {
    test(`delays no other call and no timer of the host (isolation "${isolation}").`, async () => {
      const project = bench.project({ files: { 'tools.ts': TOOLS } })
      const manager = bench.open(project, { isolation, minWorkers: 1, maxWorkers: 2, bunPermissions: [`--allow-read=${project.dir}`] })
      await manager.ready()
      let othersFirst = 0
      for (let round = 0; round < ROUNDS && othersFirst === 0; round++) {
        const order = []
        const hangs = failure(manager.executeTool(round % 2 ? 'throwsMany' : 'throws', mount.path)).then((error) => {
          order.push('hangs')
          return error
        })
        const timer = new Promise((resolve) => {
          setTimeout(resolve, 1)
        }).then(() => order.push('timer'))
        const others = Promise.all([1, 2, 3, 4].map((n) => manager.executeTool('echo', n))).then(() => order.push('others'))
        // What can be looked at is looked at meanwhile.
        const explained = failure(manager.executeTool('reads', '/etc/hostname'))
        await bounded(Promise.all([timer, others]), 'other calls and a timer')
        assert.equal((await bounded(explained, 'another error')).code, 'ERR_ACCESS_DENIED')
        const error = await bounded(hangs, 'the error itself')
        assert.equal(error.code, 'ERR_TOOL_THREW', error.message)
        assert.match(error.hint, /could not be looked at in time/)
        if (order.at(-1) === 'hangs') othersFirst++
      }
      assert.ok(othersFirst > 0, `other calls and timers waited for the mount in each of ${ROUNDS} rounds`)
      await bounded(manager.close(), 'the end')
    })
  }

  test('delays no close.', async () => {
    const project = bench.project({ files: { 'tools.ts': TOOLS } })
    const manager = bench.open(project, { isolation: 'worker', minWorkers: 1, bunPermissions: [`--allow-read=${project.dir}`] })
    const calls = Array.from({ length: 40 }, () => failure(manager.executeTool('throws', mount.path)))
    await bounded(manager.executeTool('echo', 1), 'another call')
    const closed = manager.close()
    for (const error of await bounded(Promise.all(calls), 'every error')) assert.equal(error.code, 'ERR_TOOL_THREW')
    await bounded(closed, 'the end')
  })
})
