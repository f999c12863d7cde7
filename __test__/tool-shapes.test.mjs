import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

describe('A tool', () => {
  const bench = workbench({ shared: true })
  let manager
  let listed
  before(async () => {
    const project = bench.project({ tools: 'shapes.ts' })
    project.usePackages()
    manager = bench.open(project, { isolation: 'worker', maxWorkers: 1, gracePeriod: '10s' })
    listed = Object.fromEntries((await manager.listTools()).map((tool) => [tool.id, tool]))
  })
  const call = (tool, input, options) => manager.executeTool(tool, input, options)

  it('may be a function.', async () => {
    assert.deepEqual(await call('function', 1, { config: { k: 2 } }), { input: 1, config: { k: 2 }, toolId: 'function' })
    assert.deepEqual(listed.function, { id: 'function', description: null, inputSchema: null, outputSchema: null, permissions: ['--allow-read'] })
  })

  it('is neither a schema nor what has no function to run.', () => {
    assert.equal('Point' in listed, false)
    assert.equal('no-execute' in listed, false)
  })

  it('of the AI SDK gets that SDK\'s options and everything of the context.', async () => {
    assert.deepEqual(await call('ai-options', {}, { toolExecId: 'exec-7', config: { user: 'u' }, env: { A: 'b' } }), {
      toolCallId: 'exec-7',
      toolExecId: 'exec-7',
      toolId: 'ai-options',
      attempt: 1,
      env: { A: 'b' },
      context: { user: 'u' },
      messages: [],
      progress: 'function',
      signals: [true, true],
    })
    assert.equal(listed['ai-options'].description, 'shows its options')
    assert.deepEqual(listed['ai-options'].inputSchema, { type: 'object' })
  })

  it('of the AI SDK is aborted by its abortSignal.', async () => {
    const control = new AbortController()
    const log = logCollector()
    const ended = failure(call('ai-abort', {}, { signal: control.signal, onLog: log.add }))
    await log.line('listening')
    control.abort()
    assert.equal((await ended).code, 'ABORT_ERR')
    await log.line('ended by AbortError')
  })

  for (const tool of ['steps', 'steps-later']) {
    it(`may give an async iterable, whose values are progress and whose last is the result: ${tool}.`, async () => {
      const values = []
      assert.deepEqual(await call(tool, { to: 3 }, { onProgress: (value) => values.push(value) }), { at: 3 })
      assert.deepEqual(values, [{ at: 1 }, { at: 2 }, { at: 3 }])
      assert.deepEqual(await call(tool, { to: 2 }), { at: 2 })
    })
  }

  it('may give an async iterable that throws in the middle.', async () => {
    const values = []
    const error = await failure(call('steps', { to: 2, fail: true }, { onProgress: (value) => values.push(value) }))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.match(error.message, /in the middle/)
    assert.deepEqual(values, [{ at: 1 }, { at: 2 }])
  })

  it('may give an async iterable, whose last value alone must match the output schema.', async () => {
    const error = await failure(call('steps', { to: 6 }))
    assert.equal(error.code, 'ERR_OUTPUT_INVALID')
    assert.deepEqual(error.issues.map(({ path }) => path), ['at'])
  })

  it('may give an async iterable of nothing.', async () => {
    const values = []
    assert.equal(await call('no-steps'), undefined)
    assert.equal(await call('undefined-steps', null, { onProgress: (value) => values.push(value) }), undefined)
    assert.deepEqual(values, [1])
  })

  it('may be an instance of a class.', async () => {
    assert.equal(await call('counter', { by: 5 }), 15)
    assert.equal(listed.counter.description, 'counts from ten')
  })

  it('may be on a function that is called with something else.', async () => {
    assert.equal(await call('on-function', { expr: '1+1' }), 'result of 1+1')
    assert.equal((await failure(call('on-function', {}))).code, 'ERR_INPUT_INVALID')
    assert.equal(listed['on-function'].description, 'calculates')
    assert.deepEqual(listed['on-function'].inputSchema.properties, { expr: { type: 'string' } })
  })

  it('of LangChain gets the input and a signal.', async () => {
    assert.equal(await call('chain', { city: 'Oslo' }), 'sun in Oslo, true')
    assert.equal(listed.chain.description, 'tells the weather')
    assert.deepEqual(listed.chain.inputSchema.required, ['city'])
    assert.deepEqual(await call('invoke-options', [1]), { input: [1], options: ['signal'], signal: true })
  })

  for (const tool of ['chain', 'chain-3', 'chain-json']) {
    it(`of LangChain has its input checked before it is invoked: ${tool}.`, async () => {
      const { code, issues } = await failure(call(tool, { city: 1 }))
      assert.equal(code, 'ERR_INPUT_INVALID')
      assert.deepEqual(issues.map(({ path }) => path), ['city'])
    })
  }

  it('of LangChain with a schema of zod 3 gets its defaults, with a JSON Schema it is listed.', async () => {
    assert.equal(await call('chain-3', {}), 'Rome')
    assert.equal(await call('chain-json', { city: 'Lima' }), 'Lima')
    assert.equal(listed['chain-3'].inputSchema, null)
    assert.deepEqual(listed['chain-json'].inputSchema.required, ['city'])
  })

  it('of LangChain that takes a text takes it alone or as the property input.', async () => {
    assert.equal(await call('chain-text', 'hello'), 'HELLO')
    assert.equal(await call('chain-text', { input: 'hello' }), 'HELLO')
    assert.equal((await failure(call('chain-text', { input: 1 }))).code, 'ERR_INPUT_INVALID')
  })

  it('of LangChain that throws fails with ERR_TOOL_THREW.', async () => {
    const error = await failure(call('chain-throws', {}))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.equal(error.cause.name, 'RangeError')
    assert.match(error.message, /no chain/)
  })
})
