import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { workbench } from './support/workbench.mjs'

describe('A tool that returns a value', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('values.ts')
  })

  const carried = {
    'an object': { a: 1, nested: { deep: [{ x: null }, [[]], {}] } },
    'an array': [1, 'two', null, true, { three: 3 }],
    'unicode text': 'h\u00e9llo \u4e16\u754c \u{1f680} \u202e \u0000 \ufeff \u2028 "quoted" \\ \n\t',
    'a lone surrogate': 'a\ud800b',
    'an empty string': '',
    'a negative fraction': -12.5e-7,
    'the largest safe integer': Number.MAX_SAFE_INTEGER,
    'zero': 0,
    'true': true,
    'false': false,
    'null': null,
    'an empty object': {},
    'an empty array': [],
    'keys that prototypes have': JSON.parse('{"constructor":1,"toString":2,"__proto__":{"polluted":true}}'),
    'deep nesting': JSON.parse('['.repeat(500) + ']'.repeat(500)),
  }
  for (const [name, value] of Object.entries(carried)) {
    it(`carries ${name} to the tool and back unchanged.`, async () => {
      assert.deepEqual(await manager.executeTool('echo', value), value)
    })
  }

  it('leaves the prototype of objects alone when a key is called __proto__.', async () => {
    const result = await manager.executeTool('returns-own-proto-key')
    assert.deepEqual(Object.keys(result).toSorted(), ['__proto__', 'constructor'])
    assert.equal({}.a, undefined)
  })

  it('carries a string of 1 MiB both ways.', async () => {
    const text = 'abcdefgh'.repeat(128 * 1024)
    assert.equal(await manager.executeTool('echo', text), text)
  })

  it('carries 10,000 elements both ways.', async () => {
    const list = Array.from({ length: 10_000 }, (_, index) => ({ index, name: `item ${index}` }))
    assert.deepEqual(await manager.executeTool('echo', list), list)
  })

  it('may be asynchronous.', async () => {
    assert.deepEqual(await manager.executeTool('echo-later', { a: 1 }), { a: 1 })
  })

  it('may return a promise of a promise.', async () => {
    assert.equal(await manager.executeTool('returns-promise-of-promise'), 'inner')
  })

  const returned = {
    'returns-nothing': undefined,
    'returns-null': null,
    'returns-false': false,
    'returns-zero': 0,
    'returns-empty-text': '',
    'returns-function': undefined,
    'returns-symbol': undefined,
    'returns-date': '1970-01-01T00:00:00.000Z',
    'returns-null-prototype': { a: 1 },
  }
  for (const [tool, value] of Object.entries(returned)) {
    it(`gives ${JSON.stringify(value)} for the tool that ${tool.replaceAll('-', ' ')}.`, async () => {
      assert.deepEqual(await manager.executeTool(tool, null), value)
    })
  }

  it('has its result carried as JSON does: holes go, NaN becomes null.', async () => {
    assert.deepEqual(await manager.executeTool('returns-holes'), { kept: 1, list: [null, null], nan: null })
  })

  for (const [id, value] of [
    ['category/tool-name', 'slash'],
    ['tool.name', 'dot'],
    ['simple-tool', 'dash'],
    ['under_score', 'underscore'],
  ]) {
    it(`is found by the id ${id}.`, async () => {
      assert.equal(await manager.executeTool(id, {}), value)
    })
  }

  it('gets undefined as input when none was given, and null when null was.', async () => {
    assert.deepEqual(await manager.executeTool('describe-input'), { type: 'undefined', isNull: false })
    assert.deepEqual(await manager.executeTool('describe-input', undefined), { type: 'undefined', isNull: false })
    assert.deepEqual(await manager.executeTool('describe-input', null), { type: 'object', isNull: true })
  })

  it('gets undefined as config when none was given.', async () => {
    assert.deepEqual(await manager.executeTool('describe-config', {}), { type: 'undefined', value: null })
  })

  for (const config of [{}, { region: 'eu', list: [1, 2] }, null, false, 0, '', 'text', [1]]) {
    it(`gets the config ${JSON.stringify(config)} as it was given.`, async () => {
      assert.deepEqual(await manager.executeTool('describe-config', {}, { config }), { type: typeof config, value: config })
    })
  }

  it('runs with the timeout given to executeToolWithTimeout, and with options too.', async () => {
    const result = await manager.executeToolWithTimeout('describe-config', {}, '10s', { config: { a: 1 } })
    assert.deepEqual(result, { type: 'object', value: { a: 1 } })
  })

  it('never sees later changes to the input of a call.', async () => {
    const input = { value: 'before' }
    const call = manager.executeTool('echo', input)
    input.value = 'after'
    assert.deepEqual(await call, { value: 'before' })
  })
})

describe('A call', () => {
  const bench = workbench({ shared: true })
  let project
  let manager
  before(() => {
    project = bench.project({ tools: 'context.ts' })
    manager = bench.open(project)
  })

  it('tells the tool its ids, its first attempt, its env and a signal that has not aborted.', async () => {
    const options = { toolExecId: 'run #1 \u00e9', env: { CALL_VALUE: 'x' } }
    assert.deepEqual(await manager.executeTool('context', null, options), {
      toolId: 'context',
      toolExecId: 'run #1 \u00e9',
      attempt: 1,
      env: { CALL_VALUE: 'x' },
      aborted: false,
    })
  })

  it('has a new UUIDv7 as execution id unless one is given.', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await manager.executeTool('context')).toolExecId))
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(new Set(ids).size, 3)
  })

  it('runs in the project root.', async () => {
    assert.equal((await manager.executeTool('place')).cwd, project.dir)
  })
})
