import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { workbench } from './support/workbench.mjs'

/** Twenty calls at once, each with data of its own; the test fails if one sees data of another. */
async function mixTwenty(manager, { processEnv }) {
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const name = `call-${index}`
      const logs = logCollector()
      const progress = []
      const result = await manager.executeTool(
        'mixes',
        { name, pause: (index * 7) % 20, filler: name.repeat(index * 100) },
        {
          toolExecId: `exec-${index}`,
          config: { of: name },
          env: { CALL_NAME: name, [`ONLY_${index}`]: 'x' },
          onLog: logs.add,
          onProgress: (value) => progress.push(value),
        },
      )
      assert.equal(result.input.name, name)
      assert.equal(result.input.filler.length, name.length * index * 100)
      assert.deepEqual(result.config, { of: name })
      assert.deepEqual(result.env, { CALL_NAME: name, [`ONLY_${index}`]: 'x' })
      assert.equal(result.seen, processEnv ? name : null)
      assert.equal(result.toolExecId, `exec-${index}`)
      assert.deepEqual(progress, [`progress of ${name}`])
      await logs.line(`log of ${name}`)
      assert.deepEqual(logs.texts(), [`log of ${name}`])
      for (const entry of logs.entries) assert.equal(entry.toolExecId, `exec-${index}`)
    }),
  )
}

describe('Calls at the same time', () => {
  const bench = workbench()

  it('never mix: 20 of them, each in a process of its own.', async () => {
    await mixTwenty(bench.openTools('mixes.ts', { maxWorkers: 6 }), { processEnv: true })
  })

  it('never mix: 20 of them in reused workers.', async () => {
    await mixTwenty(bench.openTools('mixes.ts', { isolation: 'worker', maxWorkers: 3 }), { processEnv: true })
  })

  it('never mix: 20 of them in flight in one worker, where only context.env has their env.', async () => {
    const config = { isolation: 'worker', maxWorkers: 1, concurrentCallsPerWorker: 20 }
    await mixTwenty(bench.openTools('mixes.ts', config), { processEnv: false })
  })

  it('of two managers with different entrypoints in one directory never mix.', async () => {
    const project = bench.project({
      files: {
        'one.ts': 'export default { who: (input) => `one ${input}` }\n',
        'two.ts': 'export default { who: (input) => `two ${input}` }\n',
      },
    })
    const one = bench.open(project, { entrypointPath: 'one.ts' })
    const two = bench.open(project, { entrypointPath: 'two.ts' })
    assert.notEqual(one.workerFileHash, two.workerFileHash)
    const calls = Array.from({ length: 10 }, (_, index) => [one.executeTool('who', index), two.executeTool('who', index)])
    const expected = calls.flatMap((_, index) => [`one ${index}`, `two ${index}`])
    assert.deepEqual(await Promise.all(calls.flat()), expected)
    await one.close()
    assert.equal(await two.executeTool('who', 'after the other closed'), 'two after the other closed')
  })

  it('of two managers with the same entrypoint survive the close of one of them.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    const one = bench.open(project)
    const two = bench.open(project, { minWorkers: 0 })
    assert.equal(await one.executeTool('echo', 1), 1)
    await one.close()
    assert.equal(await two.executeTool('echo', 2), 2)
  })

  it('may fail one by one without touching each other.', async () => {
    const manager = bench.openTools('counts.ts', { maxWorkers: 4 })
    const calls = Array.from({ length: 24 }, (_, index) => manager.executeTool(['counts', 'throws', 'exits'][index % 3]))
    const codes = (await Promise.allSettled(calls)).map(({ reason }) => reason?.code ?? 'fine')
    assert.deepEqual(codes, calls.map((_, index) => ['fine', 'ERR_TOOL_THREW', 'ERR_TOOL_EXITED'][index % 3]))
  })

  it('settle when 300 are asked for in one turn.', async () => {
    const manager = bench.openTools('values.ts', { isolation: 'worker', maxWorkers: 2 })
    const values = Array.from({ length: 300 }, (_, index) => index)
    assert.deepEqual(await Promise.all(values.map((value) => manager.executeTool('echo', value))), values)
  })
})
