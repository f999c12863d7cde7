import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { describe, it } from 'node:test'

import * as protocol from '../src/worker/template/protocol.mjs'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Where the ring's numbers and bytes are in the memory that a process shares with its host. */
const { RING_WRITTEN, RING_READ, RING_WANTED, RING_SIZE, RING_START } = protocol
const layout = { RING_WRITTEN, RING_READ, RING_WANTED, RING_SIZE, RING_START }

/** More bytes than are buffered anywhere between the tool and the host. */
const MANY = 30_000
const numbered = (count) => Array.from({ length: count }, (_, index) => `line ${index}`)

for (const isolation of ['call', 'worker']) {
  describe(`What a tool prints, with isolation "${isolation}"`, () => {
    const bench = workbench()
    const open = (config) => bench.openTools('prints-much.ts', { isolation, maxWorkers: 1, ...config })

    it('arrives in order with its progress, whatever its size.', async () => {
      const lengths = [1, 0, 300, 70_000, 5, 262_144, 3, 600_000, 1, 5_000_000, 2]
      const seen = []
      await open().executeTool('printsAndReports', lengths, {
        onLog: ({ text }) => seen.push(text),
        onProgress: (index) => seen.push(index),
      })
      const expected = lengths.flatMap((length, index) => [`${index} ${'x'.repeat(length)}`, index])
      // A line that is too large for a frame is sent in pieces.
      const joined = seen.reduce((all, item) => {
        if (typeof item === 'string' && typeof all.at(-1) === 'string') all.push(all.pop() + item)
        else all.push(item)
        return all
      }, [])
      assert.deepEqual(joined, expected)
    })

    it('arrives also when the tool then kills its process.', async () => {
      const texts = []
      const error = await failure(open().executeTool('printsAndDies', MANY, { onLog: ({ text }) => texts.push(text) }))
      assert.equal(error.code, 'ERR_TOOL_KILLED')
      assert.deepEqual(texts, numbered(MANY))
    })

    it('arrives while the tool loops for ever.', async () => {
      const logs = logCollector()
      const control = new AbortController()
      const call = failure(open().executeTool('printsAndLoops', MANY, { onLog: logs.add, signal: control.signal }))
      await logs.until((entries) => entries.length === MANY, 'all lines')
      assert.deepEqual(logs.texts(), numbered(MANY))
      control.abort()
      assert.equal((await call).code, 'ABORT_ERR')
    })

    it('does not hold the tool up while the host is busy with something else.', async () => {
      const project = bench.project({ tools: 'prints-much.ts' })
      const manager = bench.open(project, { isolation, bunPermissions: ['--allow-read', '--allow-write'] })
      await manager.ready()
      const texts = []
      const file = project.path('printed')
      const call = manager.executeTool('printsAndMarks', { count: MANY, file }, { onLog: ({ text }) => texts.push(text) })
      // The call is sent at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve))
      const sleeping = new Int32Array(new SharedArrayBuffer(4))
      let turns = 0
      while (statSync(file, { throwIfNoEntry: false }) === undefined && turns < 3000) {
        turns += 1
        Atomics.wait(sleeping, 0, 0, 10)
      }
      assert.notEqual(statSync(file, { throwIfNoEntry: false }), undefined, 'the tool waits for its host')
      await bounded(call, 'the answer')
      assert.deepEqual(texts, numbered(MANY))
    })

    it('does not make the host grow, 100,000 lines at a time.', async () => {
      const manager = open()
      let lines = 0
      const print = () => manager.executeTool('prints', 100_000, { onLog: () => (lines += 1) })
      await print()
      const before = process.memoryUsage().rss
      for (let round = 0; round < 4; round += 1) await print()
      const grown = (process.memoryUsage().rss - before) / 2 ** 20
      assert.equal(lines, 500_000)
      assert.ok(grown < 64, `grew by ${grown.toFixed(1)} MiB`)
    })
  })
}

describe('The memory that a process shares with its host', () => {
  const bench = workbench()

  it('is out of reach of the tools of a process that serves many calls.', async () => {
    const manager = bench.openTools('prints-much.ts', { isolation: 'worker', maxWorkers: 1 })
    await manager.executeTool('prints', 1)
    const error = await failure(manager.executeTool('messesUp', 'fills it with noise', { config: layout }))
    assert.deepEqual([error.code, error.cause.code], ['ERR_TOOL_THREW', 'ENOENT'])
  })

  for (const how of [
    'fills it with noise',
    'fills it with ones',
    'says it wrote 2 GiB',
    'takes back what it wrote',
    'says the host read what was never written',
    'begins a frame of 4 GiB',
    'never lets the host be told',
  ]) {
    it(`harms only the process that ${how}.`, async () => {
      const manager = bench.openTools('prints-much.ts', { maxWorkers: 1, toolExecutionTimeout: '2s' })
      const call = bounded(manager.executeTool('messesUp', how, { config: layout }), 'a messed-up call')
      // Its own answer may come before the host has seen the mess. If not, the process was ended for a frame that is too large or none
      // at all, or waits for ever for room in the ring.
      const outcome = await call.catch((error) => error.code)
      assert.ok(['messed up', 'ERR_OUTPUT_TOO_LARGE', 'ERR_TOOL_KILLED', 'ERR_TOOL_TIMEOUT'].includes(outcome), String(outcome))
      const texts = []
      assert.equal(await manager.executeTool('prints', 3, { onLog: ({ text }) => texts.push(text) }), 'printed')
      assert.deepEqual(texts.filter((text) => text.startsWith('line')), numbered(3))
    })
  }
})

describe('What a tool prints', () => {
  const bench = workbench()

  it('arrives also where the tool closed the memory before it was needed.', async () => {
    const texts = []
    await bench.openTools('prints-much.ts').executeTool('closesTheMemoryAndPrints', null, { onLog: ({ text }) => texts.push(text) })
    assert.deepEqual(texts, ['printed all the same'])
  })

  it('goes to the call it belongs to, with many in one process.', async () => {
    const manager = bench.openTools('prints-much.ts', { isolation: 'worker', maxWorkers: 1, concurrentCallsPerWorker: 8 })
    const calls = Array.from({ length: 8 }, () => {
      const texts = []
      return manager.executeTool('printsInTurns', 2000, { onLog: ({ text }) => texts.push(text) }).then(() => texts)
    })
    for (const texts of await Promise.all(calls)) assert.deepEqual(texts, numbered(2000))
  })
})
