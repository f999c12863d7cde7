/** The adapter on the 2.x line of the SDK, with that line's client. What both lines share is tested with the 1.x line. */

import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Client, InMemoryTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

import { createMcpServer, listenHttp } from '../../js/adapters/mcp-v2.js'
import { environment, TOOLS } from '../support/cli.mjs'
import { installInto } from '../support/installed.mjs'
import { failure } from '../support/outcomes.mjs'
import { processEnd } from '../support/processes.mjs'
import { root } from '../support/repository.mjs'
import { bounded, until } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

describe('toolwarden/mcp-v2', () => {
  const bench = workbench()

  /** @param {any} transport */
  async function connected(transport, use) {
    const client = new Client({ name: 'test', version: '1' })
    const messages = []
    client.setNotificationHandler('notifications/message', ({ params }) => void messages.push(params))
    await bounded(client.connect(transport), 'the server to answer')
    const call = (name, args = {}, options) => client.callTool({ name, arguments: args }, options)
    try {
      return await use({ client, call, messages })
    } finally {
      await client.close()
    }
  }
  async function inMemory(use) {
    const manager = bench.open(bench.project(), { entrypointPath: TOOLS })
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
    await createMcpServer(manager).connect(serverSide)
    return connected(clientSide, use)
  }

  test('lists tools, and gives results, failures and errors', () =>
    inMemory(async ({ client, call }) => {
      const { tools } = await client.listTools()
      assert.deepEqual(tools.find(({ name }) => name === 'greet').inputSchema.required, ['name'])
      assert.deepEqual((await call('greet', { name: 'Ada' })).structuredContent, { greeting: 'Hello, Ada.' })
      const failed = await call('fail')
      assert.equal(failed.isError, true)
      assert.match(failed.content[0].text, /the tool gave up/)
      const unknown = await failure(call('gret'))
      assert.equal(unknown.code, -32602)
      assert.match(unknown.message, /did you mean "greet"\?/)
      const invalid = await failure(call('greet', { name: 7 }))
      assert.deepEqual([invalid.code, invalid.data.issues[0].path], [-32602, 'name'])
    }))

  test('progress, printed lines and cancellation', () =>
    inMemory(async ({ call, messages }) => {
      const seen = []
      await call('steps', {}, { onprogress: (value) => seen.push(value) })
      assert.deepEqual(seen, [{ progress: 1 }, { progress: 2, total: 3, message: 'two' }, { progress: 1, message: '{"found":"three"}' }])
      await call('print')
      assert.deepEqual(messages.map(({ level, data }) => [level, data]), [['info', 'a line'], ['warning', 'a warning'], ['info', 'raw']])
      const controller = new AbortController()
      const running = failure(call('loop', {}, { signal: controller.signal }))
      const said = await until(() => messages.find(({ data }) => String(data).startsWith('pid=')), 'the tool to run')
      controller.abort()
      await running
      await processEnd(Number(said.data.slice('pid='.length)))
    }))

  test('streamable HTTP', async () => {
    const http = await listenHttp(bench.open(bench.project(), { entrypointPath: TOOLS }))
    try {
      await connected(new StreamableHTTPClientTransport(new URL(http.url)), async ({ call }) => {
        assert.deepEqual((await call('greet', { name: 'Ada' })).structuredContent, { greeting: 'Hello, Ada.' })
      })
      const foreign = await fetch(http.url, { method: 'POST', headers: { origin: 'https://evil.test' }, body: '{}' })
      assert.equal(foreign.status, 403)
    } finally {
      await http.close()
    }
  })

  test('toolwarden mcp uses it where the 1.x line is not installed', async () => {
    const project = bench.project({ files: { 'package.json': '{}', 'tools.mjs': 'export const greet = ({ name }) => `Hello, ${name}!`' } })
    const installed = installInto(project.dir, {})
    mkdirSync(project.path('node_modules/@modelcontextprotocol'), { recursive: true })
    for (const name of ['server', 'node']) {
      symlinkSync(join(root, 'node_modules/@modelcontextprotocol', name), project.path(`node_modules/@modelcontextprotocol/${name}`))
    }
    const args = [installed('toolwarden/js/cli/bin.js'), 'mcp', 'tools.mjs', '--runtime', 'node']
    const transport = new StdioClientTransport({ command: process.execPath, args, cwd: project.dir, env: environment({}), stderr: 'inherit' })
    await connected(transport, async ({ call }) => {
      assert.deepEqual((await call('greet', { name: 'Ada' })).content, [{ type: 'text', text: 'Hello, Ada!' }])
    })
  })
})
