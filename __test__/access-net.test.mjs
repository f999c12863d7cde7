import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { freePort, greeter } from './support/loopback.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Ways to reach a server, and the values that they return when it answers. */
const WAYS = {
  fetch: 'hi',
  'net.connect': 'connect',
  'http.get': 'response',
  'Bun.connect': 'connect',
  WebSocket: 'open',
  'wrapped-as-cause': null,
  'wrapped-in-aggregate': null,
}

/** A name that can never be resolved: RFC 2606. */
const NAME = 'api.example.invalid'

describe('A refused connection', () => {
  const bench = workbench()
  const setUp = () => caller(bench, bench.project({ tools: 'net-accesses.ts' }))
  let server
  before(async () => {
    server = await greeter()
  })
  after(() => server.close())

  /** If nothing is allowed, the seccomp filter refuses; with a list, the supervisor does. */
  for (const [situation, flags] of [['no flag', []], ['a list of others', ['--allow-net=127.0.0.1:1,10.255.255.1']]]) {
    for (const [tool, value] of Object.entries(WAYS)) {
      it(`to an address, with ${situation}, by ${tool}, is allowed by the flag of its hint.`, async () => {
        const { denied, follows } = setUp()
        const to = { host: '127.0.0.1', port: server.port }
        const { error, denials } = await denied(flags, tool, to)
        const resource = `127.0.0.1:${server.port}`
        assert.deepEqual([error.permission, error.resource], ['net', resource])
        assert.ok(error.hint.includes(`add --allow-net=${resource} to`), error.hint)
        assert.deepEqual(denials, [{ permission: 'net', resource, flag: `--allow-net=${resource}` }])
        assert.deepEqual(await follows(flags, tool, to), { hinted: [`--allow-net=${resource}`], value })
      })

      it(`to localhost, with ${situation}, by ${tool}, is allowed by the flag of its hint.`, async () => {
        const { denied, follows } = setUp()
        const to = { host: 'localhost', port: server.port }
        const { error, denials } = await denied(flags, tool, to)
        assert.equal(error.permission, 'net')
        assert.match(error.resource, /^(localhost|127\.0\.0\.1)(:\d+)?$/)
        assert.ok(denials.length > 0 && denials.every(({ permission }) => permission === 'net'), JSON.stringify(denials))
        assert.deepEqual((await follows(flags, tool, to)).value, value)
      })
    }

    for (const tool of ['fetch', 'Bun.connect', 'WebSocket', 'wrapped-as-cause', 'wrapped-in-aggregate']) {
      it(`to a name, with ${situation}, by ${tool}, names it with its port.`, async () => {
        const { error, denials } = await setUp().denied(flags, tool, { host: NAME, port: 8443 })
        const expected = { permission: 'net', resource: `${NAME}:8443`, flag: `--allow-net=${NAME}:8443` }
        assert.deepEqual([error.permission, error.resource], ['net', expected.resource])
        assert.ok(error.hint.includes(expected.flag), error.hint)
        assert.deepEqual(denials, [expected])
      })
    }

    for (const tool of ['net.connect', 'http.get', 'dns.lookup', 'dns.resolve']) {
      it(`to a name, with ${situation}, by ${tool}, names it.`, async () => {
        const { error, denials } = await setUp().denied(flags, tool, { host: NAME, port: 8443 })
        const expected = { permission: 'net', resource: NAME, flag: `--allow-net=${NAME}` }
        assert.deepEqual([error.permission, error.resource], ['net', NAME])
        assert.ok(error.hint.includes(`add ${expected.flag} to \`bunPermissions\`; \`${NAME}:PORT\` in its place allows one port alone`), error.hint)
        assert.deepEqual(denials, [expected])
      })
    }

    it(`is in the record, with ${situation}, when the tool swallowed it.`, async () => {
      const { start } = setUp()
      const { result, recorded } = start(flags, 'swallowed', { host: '127.0.0.1', port: server.port })
      assert.equal(await result, 'used a default')
      const resource = `127.0.0.1:${server.port}`
      const { denials, outcome } = await recorded
      assert.equal(outcome, 'success')
      assert.deepEqual(denials, [{ permission: 'net', resource, flag: `--allow-net=${resource}` }])
    })

    it(`of datagrams, with ${situation}, needs the whole network.`, async () => {
      const { denied, follows } = setUp()
      const to = { host: '127.0.0.1', port: server.port }
      const { error, denials } = await denied(flags, 'udp', to)
      assert.equal(error.permission, 'net')
      assert.deepEqual(denials.map(({ flag }) => flag), ['--allow-net'])
      assert.deepEqual(await follows(flags, 'udp', to), { hinted: ['--allow-net'], value: 'sent' })
    })
  }

  it('is not pushed out of a record by the decoys of another call.', async () => {
    const project = bench.project({ tools: 'net-accesses.ts' })
    const manager = bench.open(project, { isolation: 'call', maxWorkers: 2, bunPermissions: ['--allow-read'] })
    const records = new Map()
    const both = new Promise((resolve) => {
      manager.on('execution', (record) => records.set(record.toolId, record).size === 2 && resolve())
    })
    const until = join(project.dir, 'may-end')
    let ended
    const tried = new Promise((resolve) => {
      ended = manager.executeTool('tries-then-waits', { host: '127.0.0.1', port: 443, until }, { onProgress: resolve })
    })
    await bounded(tried, 'the one access')
    const count = 1100
    assert.equal(await bounded(manager.executeTool('decoys', { host: '10.255.255.1', count }), 'the decoys'), 'done')
    writeFileSync(until, '')
    assert.equal(await bounded(ended, 'the other call'), 'done')
    await bounded(both, 'two records')
    const { denials, denialsDropped } = records.get('tries-then-waits')
    assert.deepEqual(denials.map(({ resource }) => resource), ['127.0.0.1:443'])
    assert.equal(denialsDropped, undefined)
    const decoys = records.get('decoys')
    assert.equal(decoys.denials[0].resource, '10.255.255.1:1')
    assert.equal(decoys.denials.length + decoys.denialsDropped, count)
  })

  it('that is allowed leaves no denial behind.', async () => {
    const { start } = setUp()
    const { result, recorded } = start([`--allow-net=127.0.0.1:${server.port}`], 'fetch', { host: '127.0.0.1', port: server.port })
    assert.equal(await result, 'hi')
    assert.deepEqual((await recorded).denials, [])
  })

  it('to an allowed port without a listener is no denial.', async () => {
    const { fails } = setUp()
    const port = await freePort()
    for (const flag of [`--allow-net=127.0.0.1:${port}`, '--allow-net=127.0.0.1', '--allow-net=localhost', '--allow-net']) {
      const { error, denials } = await fails([flag], 'fetch', { host: '127.0.0.1', port })
      assert.equal(error.code, 'ERR_TOOL_THREW', flag)
      assert.match(error.cause.code, /ECONNREFUSED|ConnectionRefused/, flag)
      assert.deepEqual(denials, [])
    }
  })

  it('to an allowed port without a listener is none after a swallowed denial either.', async () => {
    const { fails } = setUp()
    const port = await freePort()
    const input = { host: '127.0.0.1', port, first: { host: '127.0.0.1', port: server.port } }
    const { error, denials } = await fails([`--allow-net=127.0.0.1:${port}`], 'swallows-then-fetches', input)
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.deepEqual(denials.map(({ resource }) => resource), [`127.0.0.1:${server.port}`])
  })
})
