/** What a forked process copies before it is called: the memory that the first calls have changed. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { ownChildren } from './support/processes.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Bun's compiler threads need ten seconds to end before there is an origin. */
const ORIGIN_BOUND = 60_000
/** Forked processes that are compared: the first is not prepared, the last is. */
const CALLS = 6

const TOOLS = `
  import { existsSync } from 'node:fs'
  const words = Array.from({ length: 2000 }, (_, n) => ({ word: 'word' + n }))
  let warmedUp = 0
  export const warmup = () => { warmedUp += 1 }
  export const rounds = () => warmedUp
  export const holds = (path, config, context) => new Promise((resolve) => {
    for (const one of words) one.seen = one.word.length
    context.progress('entered')
    const timer = setInterval(() => { if (existsSync(path)) { clearInterval(timer); resolve(words.length) } }, 5)
  })
`

/** The page faults of each child of this process so far. */
function faultsOfChildren() {
  const found = new Map()
  for (const pid of ownChildren()) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      found.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[7]))
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error
    }
  }
  return found
}

describe('A forked process that waits for a call', () => {
  const bench = workbench()

  it('has copied what the first calls have changed, and its call hardly faults.', async () => {
    const project = bench.project({ files: { 'tools.ts': TOOLS } })
    const manager = bench.open(project, { processStart: 'fork', minWorkers: 1, maxWorkers: 1 })
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    const records = []
    manager.on('execution', (record) => records.push(record))
    const faults = []
    for (let n = 0; faults.length < CALLS; n++) {
      assert.ok(n < 2 * CALLS, 'few processes are forked')
      await manager.ready()
      const before = faultsOfChildren()
      const file = join(project.dir, `go-${n}`)
      let during = before
      const call = manager.executeTool('holds', file, {
        onProgress: () => {
          during = faultsOfChildren()
          writeFileSync(file, '')
        },
      })
      assert.equal(await call, 2000)
      await until(() => records.length === n + 1, 'its record')
      const { pid, processStart } = records[n]
      if (processStart === 'fork') faults.push(during.get(pid) - before.get(pid))
    }
    // It rehearses a call as others do, but `warmup` ran once, in its origin.
    assert.equal(await manager.executeTool('rounds'), 1)
    const [first] = faults
    assert.ok(first > 50 && faults.at(-1) < first / 2, `faults of ${CALLS} calls: ${faults.join(', ')}`)
  })
})
