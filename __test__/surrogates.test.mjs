/**
 * Half of a surrogate pair, which a JavaScript string may contain and JSON readers refuse, wherever a tool can put one.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'

import { toolSet } from '../js/adapters/ai-sdk.js'
import { anthropicTools } from '../js/adapters/anthropic.js'
import { createMcpServer } from '../js/adapters/mcp.js'
import { openaiTools } from '../js/adapters/openai.js'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { workbench } from './support/workbench.mjs'

const HALF = '\ud83d'
const MENDED = '\ufffd'

/** The tools' file is UTF-8, so halves are written as escapes in it. */
const TOOLS = `
  const half = 'a\\ud83d'
  const nested = () => { let value = 1; for (let i = 0; i < 900; i++) value = [value]; return value }
  const schema = (check) => ({ '~standard': { version: 1, vendor: 'test', validate: check }, type: 'object', properties: { [half]: { type: 'string', description: half } }, toJSON() { return this } })
  export const gives = () => ({ [half]: half, list: [half] })
  export const text = () => half
  export const reports = (_input, _config, { progress }) => { progress({ [half]: half }); console.log(half); return 1 }
  export const throws = () => { throw Object.assign(new Error(half, { cause: new Error(half) }), { [half]: half, deep: nested(), code: half }) }
  export const throwsText = () => { throw half }
  export const named = () => { const error = new Error('x'); error.name = half; error.stack = half + '\\n    at ' + half; throw error }
  export const denied = () => { throw Object.assign(new Error('EACCES: permission denied, open ' + half), { code: 'EACCES', syscall: 'open', path: '/etc/hostname', [half]: half, deep: nested() }) }
  export const refuses = { description: half, execute: () => 1, inputSchema: { type: 'object', properties: { ['x']: { type: 'string', description: half, enum: [half] } }, required: ['x'] } }
  export const gave = { description: half, execute: () => ({ value: half }), inputSchema: { type: 'object', properties: { x: { type: 'string', description: half } } }, outputSchema: { type: 'object', properties: { value: { type: 'string', description: half } } } }
  export const failed = { execute: () => ({ content: [{ type: 'text', text: half }], isError: true }) }
`

describe('Half a surrogate pair', () => {
  const bench = workbench({ shared: true })
  const open = (config, files = { 'tools.mjs': TOOLS }) => bench.open(bench.project({ files }), { ...config, entrypointPath: './tools.mjs' })

  for (const { name, config } of RUNTIMES) {
    it(`arrives as it is in results and progress (${name}).`, async () => {
      const manager = open(config)
      const half = `a${HALF}`
      assert.deepEqual(await manager.executeTool('gives'), { [half]: half, list: [half] })
      assert.equal(await manager.executeTool('text'), half)
      const seen = []
      const log = logCollector()
      assert.equal(await manager.executeTool('reports', null, { onProgress: (value) => seen.push(value), onLog: log.add }), 1)
      assert.deepEqual(seen, [{ [half]: half }])
      await log.line(/^a\ufffd+$/)
    })

    it(`empties no error, and hides no denial (${name}).`, async () => {
      const manager = open(config)
      const mended = `a${MENDED}`
      const thrown = await failure(manager.executeTool('throws'))
      assert.deepEqual([thrown.code, thrown.message], ['ERR_TOOL_THREW', `tool throws threw: ${mended}`])
      assert.deepEqual([thrown.cause.message, thrown.cause[mended], thrown.cause.code, thrown.cause.cause.message], [mended, mended, mended, mended])
      assert.equal((await failure(manager.executeTool('throwsText'))).message, `tool throwsText threw: ${mended}`)
      const named = await failure(manager.executeTool('named'))
      assert.deepEqual([named.message, named.cause.name], [`tool named threw: ${mended}: x`, mended])
      assert.ok(named.cause.stack.startsWith(mended))
      const denied = await failure(open({ ...config, ...(config.runtimeType === 'bun' ? { bunPermissions: [] } : { nodeOptions: [] }) }).executeTool('denied'))
      assert.match(denied.message, /a\ufffd$/)
      assert.ok(denied.message.isWellFormed() && JSON.stringify(denied.cause).includes(MENDED))
      const refused = await failure(manager.executeTool('refuses', { x: 'b' }))
      assert.equal(refused.code, 'ERR_INPUT_INVALID')
      assert.ok(refused.message.isWellFormed() && refused.issues.length === 1)
    })

    it(`empties no load failure, and no list of tools (${name}).`, async () => {
      const load = await failure(open(config, { 'tools.mjs': `throw Object.assign(new Error('b\\ud83d'), { '\\ud83d': 1 })` }).ready())
      assert.deepEqual([load.code, load.cause.message], ['ERR_ENTRYPOINT_LOAD', `b${MENDED}`])
      assert.match(load.message, /^the entrypoint could not be loaded: Error: b\ufffd \(/)
      const odd = open(config, { 'tools.mjs': "export default { good: () => 1, 'bad\\ud83d': () => 2 }" })
      assert.equal(await odd.executeTool('good'), 1)
      const missing = await failure(odd.executeTool('god'))
      assert.equal(missing.code, 'ERR_TOOL_NOT_FOUND')
      assert.match(missing.message, /available tools: bad\ufffd, good$/)
      assert.equal(missing.hint, 'did you mean `good`?')
      assert.equal((await odd.listTools()).length, 2)
    })

    it(`never leaves for MCP, OpenAI, Anthropic or the AI SDK (${name}).`, async () => {
      const manager = open(config)
      const isWellFormed = (sent, what) => {
        const json = JSON.stringify(sent)
        // After another backslash, this is text about a half and not a half.
        assert.equal(/\\ud[89a-f]/.test(json.replaceAll('\\\\', '')), false, `${what}: ${json}`)
        return json
      }
      const openai = await openaiTools(manager)
      const anthropic = await anthropicTools(manager)
      assert.ok(isWellFormed([openai.chat, openai.responses], 'OpenAI').includes(MENDED))
      assert.ok(isWellFormed(anthropic.tools, 'Anthropic').includes(MENDED))
      for (const tool of ['gives', 'text', 'throws', 'throwsText', 'gave', `no${HALF}`]) {
        const answers = [
          await openai.run({ type: 'function_call', call_id: 'c1', name: tool, arguments: '{}' }),
          await openai.run({ type: 'function', id: 'c2', function: { name: tool, arguments: '{}' } }),
          await anthropic.run({ type: 'tool_use', id: 'c3', name: tool, input: {} }),
        ]
        assert.ok(isWellFormed(answers, tool).includes(MENDED), tool)
      }
      const set = await toolSet(manager)
      const given = []
      for (const tool of ['gives', 'reports']) for await (const value of set[tool].execute({})) given.push(value)
      isWellFormed([given, Object.values(set).map(({ description, inputSchema }) => [description, inputSchema.jsonSchema])], 'the AI SDK')

      const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
      const messages = []
      const send = serverSide.send.bind(serverSide)
      serverSide.send = (message, options) => {
        messages.push(message)
        return send(message, options)
      }
      const server = createMcpServer(manager)
      const client = new Client({ name: 'test', version: '1' })
      await Promise.all([server.connect(serverSide), client.connect(clientSide)])
      await client.listTools()
      for (const tool of ['gives', 'text', 'throws', 'gave', 'failed']) await client.callTool({ name: tool, arguments: {} })
      await client.callTool({ name: 'reports', arguments: {} }, undefined, { onprogress: () => {} })
      await failure(client.callTool({ name: 'refuses', arguments: { x: 1 } }))
      await failure(client.callTool({ name: `no${HALF}`, arguments: {} }))
      assert.ok(isWellFormed(messages, 'MCP').includes(MENDED))
      assert.ok(messages.length >= 9)
      await client.close()
    })
  }
})
