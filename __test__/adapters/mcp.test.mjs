import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'

import { createMcpServer } from '../../js/adapters/mcp.js'
import { annotationsFrom } from '../../js/adapters/mcp/annotations.js'
import { toolResult } from '../../js/adapters/mcp/result.js'
import { sdk } from '../../js/adapters/mcp/sdk-v1.js'
import { TOOLS } from '../support/cli.mjs'
import { logCollector } from '../support/logs.mjs'
import { failure } from '../support/outcomes.mjs'
import { isRunning } from '../support/processes.mjs'
import { until } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

/** Tools whose schemas require, remove or describe properties that a report of a failure does not have. */
const OWN_FAILURES = `
  import { z } from 'zod'
  const execute = ({ fails, lies }) => {
    if (fails) return { content: [{ type: 'text', text: 'the disk is full' }], isError: true }
    return lies ? { content: ['no part of MCP'], isError: true } : { value: 'x' }
  }
  export const required = { execute, outputSchema: z.object({ value: z.string() }) }
  export const optional = { execute, outputSchema: z.object({ value: z.string().optional() }) }
  export const plain = { execute, outputSchema: { type: 'object', properties: { value: { type: 'string' } }, required: ['value'] } }
`

/** Every place of a schema that a person sees has something in it that must not reach a terminal; so has what is compared. */
const HOSTILE_SCHEMAS = String.raw`
  const evil = '\u001b[2J\u202e'
  const inner = { type: 'string', title: evil, description: evil + '\n', enum: [evil], default: evil, examples: [evil], pattern: '\u202e', errorMessage: { type: evil } }
  const inputSchema = {
    type: 'object', title: evil, description: evil, $comment: evil,
    properties: { [evil]: inner, description: { description: evil }, list: { type: 'array', items: { anyOf: [inner, { $ref: '#/$defs/other' }] } } },
    required: [evil], $defs: { other: { const: evil, description: evil } },
  }
  export default {
    ['named' + evil]: () => 1,
    described: { description: evil, inputSchema, outputSchema: inputSchema, execute: () => ({}) },
    union: { inputSchema: { anyOf: [inner, { type: 'number' }], description: evil }, execute: () => 1 },
  }
`

describe('toolwarden/mcp', () => {
  const bench = workbench()

  const connect = async (options, entrypointPath = TOOLS) => {
    const manager = bench.open(bench.project(), { entrypointPath })
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
    await createMcpServer(manager, options).connect(serverSide)
    const client = new Client({ name: 'test', version: '1' })
    const messages = []
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => messages.push(params))
    await client.connect(clientSide)
    const call = (name, args = {}, callOptions) => client.callTool({ name, arguments: args }, undefined, callOptions)
    return { client, call, messages, manager }
  }

  test('names itself', async () => {
    const { client } = await connect({ name: 'mine', version: '9.9.9', instructions: 'be kind' })
    assert.deepEqual([client.getServerVersion().name, client.getServerVersion().version], ['mine', '9.9.9'])
    assert.equal(client.getInstructions(), 'be kind')
  })

  test('lists tools with their schemas', async () => {
    const { client } = await connect()
    const { tools } = await client.listTools()
    const greet = tools.find(({ name }) => name === 'greet')
    assert.equal(greet.description, 'Greets someone\nby name')
    assert.deepEqual(greet.inputSchema.required, ['name'])
    assert.deepEqual(greet.outputSchema.required, ['greeting'])
    assert.deepEqual(tools.find(({ name }) => name === 'echo').inputSchema, { type: 'object' })
    assert.deepEqual(tools.find(({ name }) => name === 'text/shout').inputSchema.required, ['input'])
  })

  test('texts in schemas are shown with their control characters escaped, and what is compared stays as it is', async () => {
    const evil = '\u001B[2J\u202E'
    const shown = String.raw`\u001b[2J\u202e`
    const { client } = await connect({}, bench.project({ files: { 'tools.mjs': HOSTILE_SCHEMAS } }).path('tools.mjs'))
    const { tools } = await client.listTools()
    assert.deepEqual(tools.map(({ name }) => name).toSorted(), ['described', 'union'])
    const inner = { type: 'string', title: shown, description: `${shown}\n`, enum: [evil], default: evil, examples: [evil], pattern: '\u202E', errorMessage: { type: shown } }
    const schema = {
      type: 'object', title: shown, description: shown, $comment: shown,
      properties: { [evil]: inner, description: { description: shown }, list: { type: 'array', items: { anyOf: [inner, { $ref: '#/$defs/other' }] } } },
      required: [evil], $defs: { other: { const: evil, description: shown } },
    }
    const described = tools.find(({ name }) => name === 'described')
    assert.deepEqual([described.description, described.inputSchema, described.outputSchema], [shown, schema, schema])
    const { properties } = tools.find(({ name }) => name === 'union').inputSchema
    assert.deepEqual(properties.input, { anyOf: [inner, { type: 'number' }], description: shown })
  })

  test('an object is structured content and text, anything else text', async () => {
    const { client, call } = await connect()
    // The client checks structured content against the output schemas it knows.
    await client.listTools()
    const greeted = await call('greet', { name: 'Ada' })
    assert.deepEqual(greeted.structuredContent, { greeting: 'Hello, Ada.' })
    assert.deepEqual(greeted.content, [{ type: 'text', text: '{"greeting":"Hello, Ada."}' }])
    const shouted = await call('text/shout', { input: 'psst' })
    assert.deepEqual(shouted, { content: [{ type: 'text', text: 'PSST' }] })
    const nothing = await call('nothing')
    assert.deepEqual(nothing, { content: [{ type: 'text', text: 'null' }] })
  })

  test("a tool with an output schema may report a failure in MCP's own words", async () => {
    const project = bench.project({ files: { 'tools.mjs': OWN_FAILURES } })
    project.usePackages()
    const { client, call } = await connect({}, project.path('tools.mjs'))
    await client.listTools()
    for (const name of ['required', 'optional', 'plain']) {
      assert.deepEqual(await call(name, { fails: true }), { content: [{ type: 'text', text: 'the disk is full' }], isError: true }, name)
      assert.deepEqual((await call(name, {})).structuredContent, { value: 'x' }, name)
    }
    const { isError, content } = await call('plain', { lies: true })
    assert.equal(isError, true)
    assert.match(content[0].text, /does not match the tool's schema/)
  })

  test('a tool that fails is a result with isError', async () => {
    const { call } = await connect()
    const { isError, content } = await call('fail')
    assert.equal(isError, true)
    assert.match(content[0].text, /the tool gave up/)
    assert.doesNotMatch(content[0].text, /\n\s+at /)
  })

  test('-32602 for an unknown tool and for bad arguments', async () => {
    const { call } = await connect()
    const unknown = await failure(call('gret'))
    assert.equal(unknown.code, -32602)
    assert.match(unknown.message, /unknown tool "gret"; did you mean "greet"\?/)
    const invalid = await failure(call('greet', { name: 7 }))
    assert.equal(invalid.code, -32602)
    assert.equal(invalid.data.issues[0].path, 'name')
  })

  test('only the tools asked for are there', async () => {
    const { client, call } = await connect({ tools: ['echo'], config: { of: 'all' } })
    const { tools } = await client.listTools()
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['echo'],
    )
    assert.equal((await failure(call('greet', { name: 'Ada' }))).code, -32602)
    assert.deepEqual((await call('echo', { a: 1 })).structuredContent, { input: { a: 1 }, config: { of: 'all' } })
  })

  test('progress: numbers, whole notifications, and anything else counted with its JSON', async () => {
    const { call } = await connect()
    const seen = []
    const result = await call('steps', {}, { onprogress: (value) => seen.push(value) })
    assert.equal(result.content[0].text, 'stepped')
    assert.deepEqual(seen, [
      { progress: 1 },
      { progress: 2, total: 3, message: 'two' },
      { progress: 1, message: '{"found":"three"}' },
    ])
  })

  test('what the tool prints becomes logging notifications before the result, filtered by level', async () => {
    const { client, call, messages } = await connect()
    await call('print')
    assert.deepEqual(
      messages.map(({ level, logger, data }) => [level, logger, data]).toSorted(),
      [
        ['info', 'print', 'a line'],
        ['info', 'print', 'raw'],
        ['warning', 'print', 'a warning'],
      ],
    )
    messages.length = 0
    await client.setLoggingLevel('warning')
    await call('print')
    assert.deepEqual(
      messages.map(({ data }) => data),
      ['a warning'],
    )
  })

  test('a flood of lines keeps its order and is bounded', async () => {
    const { call, messages } = await connect()
    await call('lines', { count: 2000 })
    assert.deepEqual(
      messages.map(({ data }) => data),
      Array.from({ length: 2000 }, (_, line) => `line ${line}`),
    )
  })

  test("the request's cancellation ends the call and its process", async () => {
    const { call, manager } = await connect()
    const log = logCollector()
    manager.on('log', log.add)
    const controller = new AbortController()
    const calling = call('loop', {}, { signal: controller.signal })
    const settled = failure(calling)
    const pid = await log.number('pid')
    controller.abort()
    await settled
    await until(() => !isRunning(pid), 'the process of the cancelled call to end')
  })
})

describe('results', () => {
  const text = { type: 'text', text: 'hi' }

  test("MCP's own result goes through unchanged", () => {
    const own = { content: [text], structuredContent: { a: 1 }, isError: true, _meta: { b: 2 } }
    assert.equal(toolResult(sdk, own, false), own)
    assert.equal(toolResult(sdk, own, true), own)
  })

  test("MCP's own result of a failed tool keeps its text beside an output schema", () => {
    const own = { content: [text], isError: true }
    assert.equal(toolResult(sdk, own, true), own)
  })

  test('a content that is not MCP is data', () => {
    const page = { content: ['a paragraph'] }
    assert.deepEqual(toolResult(sdk, page, false), { content: [{ type: 'text', text: JSON.stringify(page) }], structuredContent: page })
  })

  test('with an output schema the result is structured content, whatever it looks like', () => {
    const own = { content: [text] }
    assert.deepEqual(toolResult(sdk, own, true).structuredContent, own)
  })

  test('arrays and null are no structured content', () => {
    assert.deepEqual(toolResult(sdk, [1], false), { content: [{ type: 'text', text: '[1]' }] })
    assert.deepEqual(toolResult(sdk, null, false), { content: [{ type: 'text', text: 'null' }] })
  })
})

describe('annotations', () => {
  const held = (...permissions) => annotationsFrom({ level: 'kernel', landlockAbi: 7, seccomp: true, permissions })

  for (const [permissions, expected] of [
    [['--allow-read'], { readOnlyHint: true, openWorldHint: false }],
    [['--allow-read', '--allow-run=/usr/bin/git'], { readOnlyHint: true, openWorldHint: false }],
    [['--allow-write=/tmp'], { openWorldHint: false }],
    [['--allow-read', '--allow-net=a.example:443'], undefined],
    [['--allow-write', '--allow-net'], undefined],
    [['--allow-all'], undefined],
    [['--allow-read', '--deny-net=a.example', '--allow-env=HOME'], { readOnlyHint: true, openWorldHint: false }],
    [['--allow-read', '--allow-something-new'], undefined],
  ]) {
    test(permissions.join(' '), () => assert.deepEqual(held(...permissions), expected))
  }

  test('the flags of the tool itself decide', () => {
    const manager = { level: 'kernel', landlockAbi: 7, seccomp: true, permissions: ['--allow-net'] }
    assert.deepEqual(annotationsFrom(manager, []), { readOnlyHint: true, openWorldHint: false })
    assert.deepEqual(annotationsFrom(manager, ['--allow-write=/out']), { openWorldHint: false })
    assert.equal(annotationsFrom({ ...manager, permissions: [] }, ['--allow-net=a.test']), undefined)
  })

  test('what nothing enforces is not told', () => {
    assert.equal(annotationsFrom({ level: 'none', landlockAbi: null, seccomp: false, permissions: ['--allow-read'] }), undefined)
    assert.equal(annotationsFrom(undefined), undefined)
  })
})
