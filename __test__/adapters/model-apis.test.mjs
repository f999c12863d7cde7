import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { anthropicTools } from '../../js/adapters/anthropic.js'
import { openaiTools } from '../../js/adapters/openai.js'
import { TOOLS } from '../support/cli.mjs'
import { logCollector } from '../support/logs.mjs'
import { workbench } from '../support/workbench.mjs'

const parameters = {
  type: 'object',
  properties: { name: { type: 'string', description: 'who' }, excited: { type: 'boolean' } },
  required: ['name'],
}
const within = (schema) => {
  const { $schema: _, ...rest } = schema
  return rest
}

describe('toolwarden/openai', () => {
  const bench = workbench()
  const open = () => bench.open(bench.project(), { entrypointPath: TOOLS })

  test('definitions for both APIs', async () => {
    const { chat, responses } = await openaiTools(open(), { tools: ['greet', 'echo'] })
    assert.equal(chat[0].type, 'function')
    assert.equal(chat[0].function.name, 'greet')
    assert.equal(chat[0].function.description, 'Greets someone\nby name')
    assert.deepEqual(within(chat[0].function.parameters), parameters)
    assert.deepEqual(chat[1], { type: 'function', function: { name: 'echo', parameters: { type: 'object' } } })
    assert.deepEqual(responses[1], {
      type: 'function',
      name: 'echo',
      description: null,
      parameters: { type: 'object' },
      strict: false,
    })
  })

  test('a chat tool call is answered by a tool message', async () => {
    const { run, runAll } = await openaiTools(open())
    const call = { id: 'c1', type: 'function', function: { name: 'greet', arguments: '{"name":"Ada"}' } }
    const message = { role: 'tool', tool_call_id: 'c1', content: '{"greeting":"Hello, Ada."}' }
    assert.deepEqual(await run(call), message)
    assert.deepEqual(await runAll([{ type: 'custom', id: 'x', custom: {} }, call]), [message])
    assert.deepEqual(await runAll(undefined), [])
  })

  test('function calls of a response are answered side by side, in their order', async () => {
    const { runAll } = await openaiTools(open())
    const call = (id, name, input) => ({ type: 'function_call', call_id: id, name, arguments: JSON.stringify(input) })
    const output = [{ type: 'reasoning' }, call('1', 'text__shout', { input: 'a' }), { type: 'message' }, call('2', 'nothing', {})]
    assert.deepEqual(await runAll(output), [
      { type: 'function_call_output', call_id: '1', output: 'A' },
      { type: 'function_call_output', call_id: '2', output: 'null' },
    ])
  })

  test('what goes wrong is said to the model', async () => {
    const { run } = await openaiTools(open())
    const said = async (name, text) => (await run({ type: 'function_call', call_id: 'c', name, arguments: text })).output
    assert.match(await said('greet', '{"name":'), /^the arguments are not JSON: /)
    assert.match(await said('gret', '{}'), /^there is no tool "gret"; available: greet, text__shout, /)
    assert.match(await said('greet', '{"name":7}'), /name: /)
    assert.match(await said('fail', ''), /the tool gave up/)
  })

  test('an abort of the caller is not said to the model', async () => {
    const manager = open()
    const log = logCollector()
    manager.on('log', log.add)
    const { run } = await openaiTools(manager)
    const controller = new AbortController()
    const running = run(
      { type: 'function_call', call_id: 'c', name: 'waits', arguments: '{}' },
      { signal: controller.signal },
    )
    await log.number('pid')
    controller.abort()
    await assert.rejects(running, { name: 'AbortError', code: 'ABORT_ERR' })
  })

  test('what is no call is refused', async () => {
    const { run } = await openaiTools(open())
    await assert.rejects(run({ type: 'message' }), TypeError)
  })
})

describe('toolwarden/anthropic', () => {
  const bench = workbench()
  const open = () => bench.open(bench.project(), { entrypointPath: TOOLS })
  const use = (id, name, input) => ({ type: 'tool_use', id, name, input })

  test('definitions', async () => {
    const { tools } = await anthropicTools(open(), { tools: ['greet', 'echo'] })
    assert.equal(tools[0].name, 'greet')
    assert.deepEqual(within(tools[0].input_schema), parameters)
    assert.deepEqual(tools[1], { name: 'echo', input_schema: { type: 'object' } })
  })

  test('tool_use blocks are answered by tool_result blocks', async () => {
    const { runAll } = await anthropicTools(open())
    const content = [{ type: 'text', text: 'let me' }, use('1', 'greet', { name: 'Ada' }), use('2', 'fail', {}), use('3', 'gret', {})]
    const [greeted, failed, unknown] = await runAll(content)
    assert.deepEqual(greeted, { type: 'tool_result', tool_use_id: '1', content: '{"greeting":"Hello, Ada."}' })
    assert.equal(failed.is_error, true)
    assert.match(failed.content, /the tool gave up/)
    assert.deepEqual([unknown.tool_use_id, unknown.is_error], ['3', true])
  })

  test('progress reaches the caller', async () => {
    const { run } = await anthropicTools(open())
    const values = []
    await run(use('1', 'steps', {}), { onProgress: (value) => values.push(value) })
    assert.equal(values.length, 3)
  })

  test('what is no call is refused', async () => {
    const { run } = await anthropicTools(open())
    await assert.rejects(run({ type: 'text', text: 'x' }), TypeError)
  })
})
