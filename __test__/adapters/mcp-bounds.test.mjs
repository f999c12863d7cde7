/** Hostile clients: they do not read, open sessions without end, or request more than they read. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

import { createMcpServer, listenHttp } from '../../js/adapters/mcp.js'
import { LARGEST_BODY } from '../../js/adapters/mcp/body.js'
import { MOST_REQUESTS } from '../../js/adapters/mcp/bounded-transport.js'
import { Budget, NotificationQueue } from '../../js/adapters/mcp/notifications.js'
import { Outlet } from '../../js/adapters/mcp/outlet.js'
import { MOST_OF_ONE_ADDRESS, MOST_SESSIONS, Sessions } from '../../js/adapters/mcp/sessions.js'
import { startCli } from '../support/cli.mjs'
import { bounded, until } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const MIB = 1024 * 1024
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** A manager whose one tool runs the function that the test gives. */
const managerOf = (executeTool) => ({
  listTools: async () => [{ id: 'tool', description: null, inputSchema: null, outputSchema: null }],
  executeTool,
})

/** The response to a request, unread. */
async function post(url, message, headers = {}) {
  const asked = request(url, { method: 'POST', headers: { ...HEADERS, ...headers } })
  asked.on('error', () => {})
  asked.end(typeof message === 'string' ? message : JSON.stringify(message))
  const [response] = await bounded(once(asked, 'response'), 'a response')
  return response
}

async function text(response) {
  const chunks = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** A session, with a request in it. */
async function openSession(url) {
  const response = await post(url, INITIALIZE)
  await text(response)
  return response.headers['mcp-session-id']
}

describe('an outlet', () => {
  test('lets in one after another while there is room, in order.', async () => {
    const outlet = new Outlet(10)
    const entered = []
    for (const bytes of [8, 8, 1, 1]) void outlet.enter(bytes).then(() => entered.push(bytes))
    await turn()
    assert.deepEqual([entered, outlet.untaken], [[8, 8], 16])
    outlet.left(6)
    await turn()
    assert.deepEqual([entered, outlet.untaken], [[8, 8, 1], 11])
    outlet.left(11)
    await turn()
    assert.deepEqual([entered, outlet.untaken], [[8, 8, 1, 1], 1])
  })

  test('holds nobody up once the client is gone.', async () => {
    const outlet = new Outlet(0)
    await outlet.enter(5)
    const waits = outlet.enter(5)
    outlet.end()
    await bounded(waits, 'the one that waited')
    await bounded(outlet.enter(5), 'one that comes later')
  })
})

describe('notifications', () => {
  test('that wait are bounded in bytes, together for all calls of a client, and those left out are counted.', async () => {
    const budget = new Budget(1 * MIB)
    const sent = []
    let go
    const gate = new Promise((resolve) => (go = resolve))
    const queues = [1, 2].map(() => new NotificationQueue(async (notification) => { await gate; sent.push(notification) }, budget))
    const data = 'x'.repeat(10_000)
    for (let n = 0; n < 500; n++) for (const queue of queues) queue.add({ method: 'notifications/message', params: { level: 'info', data } })
    go()
    await Promise.all(queues.map((queue) => queue.flushed()))
    const lines = sent.filter(({ params }) => params.data === data).length
    assert.ok(lines > 10 && lines * data.length <= 1 * MIB, `${lines} lines`)
    const leftOut = sent.map(({ params }) => /^(\d+) log lines/.exec(params.data)?.[1]).filter(Boolean)
    assert.equal(lines + leftOut.reduce((sum, count) => sum + Number(count), 0), 1000)
    assert.ok(budget.take(1 * MIB), 'everything was given back')
  })
})

describe('sessions', () => {
  const some = (sessions, count, address, from = 0) => {
    for (let n = from; n < from + count; n++) {
      if (!sessions.makeRoom(address)) return n - from
      sessions.add(`${address}-${n}`, { address, http: { close: async () => {} }, bounded: { isBusy: false } })
    }
    return count
  }

  test('of one address leave room for those of others.', () => {
    const sessions = new Sessions(() => 0)
    assert.equal(some(sessions, 2000, 'a'), MOST_OF_ONE_ADDRESS)
    assert.equal(some(sessions, 2000, 'b'), MOST_SESSIONS - MOST_OF_ONE_ADDRESS)
    assert.equal(sessions.size, MOST_SESSIONS)
  })

  test('make place when they were never used, or not for long, and never while a request is worked on.', () => {
    let now = 0
    const sessions = new Sessions(() => now)
    const busy = { isBusy: true }
    sessions.add('busy', { address: 'a', http: { close: async () => {} }, bounded: busy })
    some(sessions, MOST_OF_ONE_ADDRESS - 1, 'a')
    sessions.use('a-0')
    now = 10_000
    assert.equal(some(sessions, 2000, 'a', 10_000), MOST_OF_ONE_ADDRESS - 2)
    assert.ok(sessions.use('a-0') && sessions.use('busy'))
    now = 30 * 60_000
    some(sessions, 2000, 'a', 20_000)
    assert.equal(sessions.use('a-0'), undefined)
    assert.ok(sessions.use('busy'))
  })
})

describe('MCP over HTTP', () => {
  const serve = async (t, executeTool) => {
    const http = await listenHttp(managerOf(executeTool))
    t.after(() => http.close())
    return http.url
  }
  const call = (url, session, id, more = {}) =>
    post(url, { jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'tool', arguments: {}, ...more } }, { 'mcp-session-id': session })

  test('a flood of initialize ends no session that is used, and is refused with 429.', async (t) => {
    const url = await serve(t, async () => 'fine')
    const client = new Client({ name: 'honest', version: '1' })
    await client.connect(new StreamableHTTPClientTransport(new URL(url)))
    t.after(() => client.close())
    const statuses = []
    for (let n = 0; n < 1005; n += 15) {
      statuses.push(...(await Promise.all(Array.from({ length: 15 }, async () => {
        const response = await post(url, INITIALIZE)
        await text(response)
        return response.statusCode
      }))))
    }
    assert.deepEqual([...new Set(statuses)].toSorted(), [200, 429])
    assert.deepEqual((await client.callTool({ name: 'tool', arguments: {} })).content, [{ type: 'text', text: 'fine' }])
  })

  test('a client that does not read gets no more than what may wait for it.', async (t) => {
    const line = 'x'.repeat(100_000)
    let told
    const ended = new Promise((resolve) => (told = resolve))
    const url = await serve(t, async (_id, _input, { onLog }) => {
      for (let n = 0; n < 4000; n++) {
        onLog({ toolId: 'tool', toolExecId: 'x', stream: 'stdout', level: 'log', text: line, time: 0 })
        if (n % 100 === 0) await turn()
      }
      told()
      return 'done'
    })
    const response = await call(url, await openSession(url), 2)
    await bounded(ended, 'the tool to end')
    const all = await text(response)
    assert.ok(all.length < 80 * MIB, `${all.length} bytes of ${4000 * line.length}`)
    assert.match(all, /data: .*\d+ log lines and progress values were left out/)
    assert.match(all, /"text":"done"/)
  })

  test('requests beyond the bound are refused, and those before it are answered.', async (t) => {
    let go
    const gate = new Promise((resolve) => (go = resolve))
    let running = 0
    const url = await serve(t, async () => {
      running++
      await gate
      return 'done'
    })
    const session = await openSession(url)
    const first = Array.from({ length: MOST_REQUESTS }, (_, n) => call(url, session, `first-${n}`).then(text))
    await until(() => running === MOST_REQUESTS, 'the calls to run')
    assert.match(await text(await call(url, session, 'one more')), /"error":\{"code":-32000/)
    go()
    for (const answer of await bounded(Promise.all(first), 'their answers')) assert.match(answer, /"text":"done"/)
    assert.match(await text(await call(url, session, 'later')), /"text":"done"/)
  })

  test('413 for a body that is too large, 400 for one that is no JSON.', async (t) => {
    const url = await serve(t, async () => 'fine')
    const large = await post(url, `"${'x'.repeat(LARGEST_BODY)}"`)
    assert.equal(large.statusCode, 413)
    large.destroy()
    const wrong = await post(url, '{"jsonrpc":')
    assert.deepEqual([wrong.statusCode, JSON.parse(await text(wrong)).error.code], [400, -32700])
  })

  test('a connection that breaks in the middle of a body or of an answer disturbs nobody.', async (t) => {
    const url = await serve(t, async (_id, _input, { onLog }) => {
      for (let n = 0; n < 50; n++) {
        onLog({ toolId: 'tool', toolExecId: 'x', stream: 'stdout', level: 'log', text: 'x'.repeat(100_000), time: 0 })
        await turn()
      }
      return 'done'
    })
    const session = await openSession(url)
    const half = connect(Number(new URL(url).port), '127.0.0.1')
    await once(half, 'connect')
    half.write('POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{"json')
    half.destroy()
    const response = await call(url, session, 2)
    response.destroy()
    assert.match(await text(await call(url, session, 3)), /"text":"done"/)
  })

  test('an answer that JSON cannot carry is an error, and no silence.', async (t) => {
    let asked = 0
    // The first serialisation succeeds, and the one for sending fails.
    const url = await serve(t, async () => ({ toJSON: () => { if (++asked > 1) throw new RangeError('too deep'); return {} } }))
    assert.match(await text(await call(url, await openSession(url), 2)), /"error":\{"code":-32603,"message":"the answer cannot be written as JSON: too deep"/)
  })
})

describe('toolwarden mcp', () => {
  const bench = workbench()

  test('does not grow with what its client leaves unread.', async () => {
    const project = bench.project({
      files: {
        'tools.mjs': `import { writeFileSync } from 'node:fs'
          const line = 'x'.repeat(100_000)
          export default { flood: ({ done }) => { for (let n = 0; n < 4000; n++) console.log(line); writeFileSync(done, ''); return 'answered' } }`,
      },
    })
    const done = project.path('done')
    const { child, ended } = startCli(['mcp', 'tools.mjs', '--allow-read', `--allow-write=${project.dir}`], { cwd: project.dir })
    const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    send(INITIALIZE)
    await bounded(once(child.stdout, 'data'), 'the first answer')
    child.stdout.pause()
    send({ method: 'notifications/initialized' })
    send({ id: 2, method: 'tools/call', params: { name: 'flood', arguments: { done } } })
    await until(() => existsSync(done), 'the tool to end')
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
    let rest = ''
    const answered = new Promise((resolve) => child.stdout.on('data', (chunk) => { rest += chunk; if (rest.includes('"answered"')) resolve(undefined) }))
    child.stdout.resume()
    await bounded(answered, 'the answer')
    child.stdin.end()
    await ended()
    // The tool printed 381 MiB.
    assert.ok(rest.length < 32 * MIB, `${rest.length} bytes were kept`)
    assert.match(rest, /log lines and progress values were left out/)
    assert.ok(peak < 330, `${peak} MiB`)
  })

  test('createMcpServer() bounds whatever transport it is connected to.', async () => {
    const sent = []
    const transport = { start: async () => {}, close: async () => {}, send: async (message) => void sent.push(message) }
    const server = createMcpServer(managerOf(() => new Promise(() => {})))
    await server.connect(transport)
    transport.onmessage(INITIALIZE)
    await until(() => sent.length > 0, 'the first answer')
    for (let n = 0; n <= MOST_REQUESTS; n++) transport.onmessage({ jsonrpc: '2.0', id: n + 2, method: 'tools/call', params: { name: 'tool', arguments: {} } })
    await turn()
    assert.deepEqual(sent.slice(1).map(({ id, error }) => [id, error.code]), [[MOST_REQUESTS + 2, -32000]])
    await server.close()
  })
})
