import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

describe('Progress', () => {
  const bench = workbench()

  it('arrives in order and before the answer.', async () => {
    const seen = []
    const manager = bench.openTools('progress.ts')
    assert.equal(await manager.executeTool('counts-up', 1000, { onProgress: (value) => seen.push(value) }), 'done')
    assert.deepEqual(seen, Array.from({ length: 1000 }, (_, index) => index + 1))
  })

  it('may be any JSON.', async () => {
    const values = [null, false, 0, '', 'text', [1, [2]], { a: { b: 'c' } }, '\u{1f680}', 'x'.repeat(300_000)]
    const seen = []
    await bench.openTools('progress.ts').executeTool('reports-values', values, { onProgress: (value) => seen.push(value) })
    assert.deepEqual(seen, values)
  })

  it('arrives while the tool still runs.', async () => {
    const control = new AbortController()
    let told
    const started = new Promise((resolve) => (told = resolve))
    const options = { signal: control.signal, onProgress: told }
    const call = failure(bench.openTools('progress.ts').executeTool('waits-after-report', null, options))
    assert.equal(await bounded(started, 'the first progress'), 'started')
    control.abort()
    assert.equal((await call).code, 'ABORT_ERR')
  })

  it('arrives also when the tool throws afterwards.', async () => {
    const seen = []
    const call = bench.openTools('progress.ts').executeTool('reports-then-throws', null, { onProgress: (value) => seen.push(value) })
    assert.equal((await failure(call)).code, 'ERR_TOOL_THREW')
    assert.deepEqual(seen, [{ at: 'the start' }])
  })

  it('may be reported without a listener.', async () => {
    assert.equal(await bench.openTools('progress.ts').executeTool('counts-up', 5), 'done')
  })
})
