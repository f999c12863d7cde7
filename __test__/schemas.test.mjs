import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { ToolExecutionError, ValidationError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const GOOD = { name: 'shop', prices: [{ price: 1.5 }] }
const BAD = { prices: [{ price: 1 }, { price: 'much' }] }

/** Whether the tool has a schema, and the paths of the issues of BAD. */
const LIBRARIES = {
  zod: [true],
  'zod-mini': [false],
  'zod-3': [false],
  'zod-3-old': [false],
  arktype: [true],
  valibot: [false],
  'valibot-json': [true],
  'valibot-async': [false],
  plain: [true],
  'ai-tool': [true],
  'ai-json': [true],
  'ai-json-later': [true],
  'ai-zod': [true],
  'ai-validate': [true, ['']],
  'ai-lazy': [true],
  promised: [true],
  'older-key': [true],
}

describe('Schemas', () => {
  const bench = workbench({ shared: true })
  const config = { isolation: 'worker' }
  let libraries
  let sides
  let tools
  before(async () => {
    const open = (fixture) => {
      const project = bench.project({ tools: fixture })
      project.usePackages()
      return bench.open(project, config)
    }
    libraries = open('schema-libraries.ts')
    sides = open('schema-sides.ts')
    tools = Object.fromEntries((await libraries.listTools()).map((tool) => [tool.id, tool]))
  })

  const invalid = async (manager, tool, input) => {
    const error = await failure(manager.executeTool(tool, input))
    assert.equal(error.code, 'ERR_INPUT_INVALID', error.message)
    assert.ok(error instanceof ValidationError)
    assert.equal(error.operation, 'validate inputs')
    assert.equal(error.field, 'input')
    return error
  }

  it('of all kinds are in the table of this test.', () => {
    assert.deepEqual(Object.keys(tools), Object.keys(LIBRARIES))
  })

  for (const [tool, [listed, paths = ['name', 'prices[1].price']]] of Object.entries(LIBRARIES)) {
    it(`check the input: ${tool}.`, async () => {
      assert.deepEqual(await libraries.executeTool(tool, GOOD.prices && tool === 'ai-validate' ? { name: 'shop' } : GOOD), tool === 'ai-validate' ? { name: 'shop' } : GOOD)
      const { issues, message } = await invalid(libraries, tool, BAD)
      assert.deepEqual(issues.map(({ path }) => path).toSorted(), paths)
      for (const issue of issues) assert.ok(issue.message.length > 3 && message.includes(issue.message), message)
      await invalid(libraries, tool, undefined)
    })

    it(`are ${listed ? '' : 'not '}in the catalogue: ${tool}.`, () => {
      const { inputSchema, outputSchema } = tools[tool]
      assert.equal(outputSchema, null)
      if (!listed) return assert.equal(inputSchema, null)
      assert.equal(inputSchema.type, 'object')
      assert.deepEqual(inputSchema.required, ['name'])
      assert.equal(inputSchema.properties.name.type, 'string')
      assert.deepEqual(inputSchema.properties.prices.items.required, ['price'])
    })
  }

  it('may take their time to check.', async () => {
    const { issues } = await invalid(libraries, 'valibot-async', { name: 'taken' })
    assert.deepEqual(issues, [{ path: 'name', message: 'is taken' }])
  })

  it('give the tool and the caller what they made of the value.', async () => {
    assert.deepEqual(await sides.executeTool('transforms', { name: ' a ' }), { text: 'A:4' })
    assert.deepEqual(await sides.executeTool('transforms', { name: 'a', size: '7' }), { text: 'A:8' })
  })

  it('are listed as the caller has to write the input, in draft 2020-12.', async () => {
    const listed = (await sides.listTools()).find(({ id }) => id === 'transforms')
    assert.equal(listed.inputSchema.$schema, 'https://json-schema.org/draft/2020-12/schema')
    assert.deepEqual(listed.inputSchema.required, ['name'])
    assert.equal(listed.inputSchema.properties.size.default, 3)
    assert.equal(listed.outputSchema.type, 'object')
  })

  it('that JSON Schema cannot express are listed as far as it can.', async () => {
    const listed = Object.fromEntries((await sides.listTools()).map(({ id, inputSchema }) => [id, inputSchema]))
    assert.deepEqual(listed['no-json'].properties, { when: {}, n: { type: 'number' } })
    assert.equal(listed['broken-lazy'], null)
    assert.equal(listed.cyclic, null)
    assert.equal(listed.throws, null)
  })

  for (const [tool, paths] of Object.entries({ 'wrong-result': ['list[1]'], 'wrong-plain-result': ['at'] })) {
    it(`check the result: ${tool}.`, async () => {
      const error = await failure(sides.executeTool(tool))
      assert.equal(error.code, 'ERR_OUTPUT_INVALID')
      assert.ok(error instanceof ToolExecutionError)
      assert.equal(error.operation, 'decode result')
      assert.deepEqual(error.issues.map(({ path }) => path), paths)
    })
  }

  it('see the result as JSON carries it.', async () => {
    assert.deepEqual(await sides.executeTool('date-result'), { at: '1970-01-01T00:00:00.000Z' })
    assert.equal((await failure(sides.executeTool('cyclic-result'))).code, 'ERR_OUTPUT_INVALID')
  })

  it('that are broken are reported.', async () => {
    const messageOf = async (tool) => {
      const { code, message } = await failure(sides.executeTool(tool, 1))
      assert.equal(code, 'ERR_TOOL_THREW')
      return message
    }
    assert.match(await messageOf('throws'), /broken schema/)
    assert.match(await messageOf('nowhere-reference'), /refers to #\/\$defs\/none, which is not in it/)
    assert.match(await messageOf('broken-lazy'), /no schema today/)
    assert.match(await messageOf('cyclic'), /cycl|circular/i)
  })

  it('that run for ever end with the timeout of the call.', async () => {
    const error = await failure(sides.executeTool('slow-pattern', `${'a'.repeat(60)}!`, { timeout: 300 }))
    assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
  })

  it('refuse an input before the tool is entered, and the process serves on.', async () => {
    const project = bench.project({ tools: 'schema-sides.ts' })
    project.usePackages()
    const manager = bench.open(project, { ...config, maxWorkers: 1, minWorkers: 1 })
    assert.equal(await manager.executeTool('counts', 1), 1)
    const records = []
    manager.on('execution', (record) => records.push(record))
    // With a retry of everything, the record would show a tool that was entered or a process that ended.
    await invalid(manager, 'counts', 'x')
    const retried = await failure(manager.executeTool('counts', 'x', { retry: { on: ['start', 'crash', 'timeout', 'tool'], maxAttempts: 3 } }))
    assert.equal(retried.code, 'ERR_INPUT_INVALID')
    assert.equal(await manager.executeTool('counts', 1), 2)
    assert.deepEqual(records.map(({ code, attempts }) => [code, attempts]), [['ERR_INPUT_INVALID', 1], ['ERR_INPUT_INVALID', 1], [null, 1]])
    assert.equal(new Set(records.map(({ pid }) => pid)).size, 1)
    assert.equal(manager.stats().workerExits, 0)
  })

  it('find a hundred things at most.', async () => {
    const { issues, message } = await invalid(sides, 'all-wrong', Array.from({ length: 50_000 }, (_, index) => index))
    assert.equal(issues.length, 100)
    assert.deepEqual(issues[99], { path: '[99]', message: 'must be string, not number' })
    assert.match(message, /and 90 more$/)
  })

  it('work in Node, whose permission to make code from strings is not needed.', async () => {
    const schema = '{ type: "object", properties: { n: { type: "integer" } }, required: ["n"] }'
    const project = bench.project({ files: { 'tools.mjs': `export const add = { inputSchema: ${schema}, execute: ({ n }) => n + 1 }` } })
    const manager = bench.open(project, { runtimeType: 'node', entrypointPath: 'tools.mjs', nodeOptions: ['--disallow-code-generation-from-strings'] })
    assert.equal(await manager.executeTool('add', { n: 1 }), 2)
    assert.deepEqual((await invalid(manager, 'add', { n: '1' })).issues, [{ path: 'n', message: 'must be integer, not string' }])
  })
})
