import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

import { listenHttp } from '../../js/adapters/mcp.js'
import { ownHostnames } from '../../js/adapters/mcp/hostnames.js'
import { TOOLS } from '../support/cli.mjs'
import { workbench } from '../support/workbench.mjs'

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}

/** A request with headers that fetch() would not let through. */
const send = (url, { method = 'POST', headers = {}, body = INITIALIZE } = {}) =>
  new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers } },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: chunks.join('') }))
      },
    )
    asked.on('error', reject)
    asked.end(method === 'POST' ? JSON.stringify(body) : undefined)
  })

describe('MCP over streamable HTTP', () => {
  const bench = workbench()

  const serve = async (t) => {
    const http = await listenHttp(bench.open(bench.project(), { entrypointPath: TOOLS }))
    t.after(() => http.close())
    return http
  }

  const client = async (t, url) => {
    const opened = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(new URL(url))
    await opened.connect(transport)
    t.after(() => opened.close())
    return { opened, transport }
  }

  test('sessions are apart and end when told', async (t) => {
    const { url } = await serve(t)
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
    const one = await client(t, url)
    const two = await client(t, url)
    assert.notEqual(one.transport.sessionId, two.transport.sessionId)
    const result = await one.opened.callTool({ name: 'greet', arguments: { name: 'Ada' } })
    assert.deepEqual(result.structuredContent, { greeting: 'Hello, Ada.' })
    const gone = one.transport.sessionId
    await one.transport.terminateSession()
    const late = await send(url, { headers: { 'mcp-session-id': gone }, body: { jsonrpc: '2.0', id: 2, method: 'ping' } })
    assert.equal(late.status, 404)
    assert.ok((await two.opened.listTools()).tools.length > 0)
  })

  test('progress and logs arrive while the call runs', async (t) => {
    const { url } = await serve(t)
    const { opened } = await client(t, url)
    const seen = []
    await opened.callTool({ name: 'steps', arguments: {} }, undefined, { onprogress: (value) => seen.push(value.progress) })
    assert.deepEqual(seen, [1, 2, 1])
  })

  for (const [what, headers, status] of [
    ['a foreign Host', { host: 'evil.example' }, 403],
    ['a foreign Host with our port', { host: 'evil.example:80' }, 403],
    ['a foreign Origin', { origin: 'http://evil.example' }, 403],
    ['an opaque Origin', { origin: 'null' }, 403],
    ['a lookalike', { origin: 'http://localhost.evil.example' }, 403],
    ['localhost', { host: 'localhost:1', origin: 'http://localhost:1' }, 200],
    ['a page of this machine', { origin: 'http://127.0.0.1:8080' }, 200],
    ['IPv6 loopback', { host: '[::1]:1' }, 200],
  ]) {
    test(`${status} for ${what}`, async (t) => {
      const { url } = await serve(t)
      const answer = await send(url, { headers })
      assert.equal(answer.status, status, answer.text)
    })
  }

  test('400 without a session, 404 beside /mcp and for an unknown session', async (t) => {
    const { url } = await serve(t)
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
    assert.equal((await send(url, { body: ping })).status, 400)
    assert.equal((await send(url.replace('/mcp', '/other'))).status, 404)
    assert.equal((await send(url, { headers: { 'mcp-session-id': 'none' }, body: ping })).status, 404)
  })

  test('close() ends sessions that are open', async () => {
    const http = await listenHttp(bench.open(bench.project(), { entrypointPath: TOOLS }))
    const opened = new Client({ name: 'test', version: '1' })
    await opened.connect(new StreamableHTTPClientTransport(new URL(http.url)))
    await http.close()
    await assert.rejects(opened.listTools())
    await opened.close()
  })
})

describe('the names of a server', () => {
  test('loopback, the host it listens on, and the address it was reached at', () => {
    const loopback = ['localhost', '127.0.0.1', '[::1]']
    assert.deepEqual(ownHostnames('127.0.0.1', '127.0.0.1'), loopback)
    assert.deepEqual(ownHostnames('tools.lan', '::ffff:10.0.0.2'), [...loopback, 'tools.lan', '10.0.0.2'])
    assert.deepEqual(ownHostnames('0.0.0.0', '10.0.0.2'), [...loopback, '10.0.0.2'])
    assert.deepEqual(ownHostnames('::', 'fe80::1'), [...loopback, '[fe80::1]'])
  })
})
