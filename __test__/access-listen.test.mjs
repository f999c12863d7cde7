import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { freePort } from './support/loopback.mjs'
import { workbench } from './support/workbench.mjs'

/** Listens on a port that the system chooses, and connects to itself. */
const OWN_SERVER = `
import net from 'node:net'
export const own = ({ to }: { to: string }) => new Promise((resolve, reject) => {
  const server = net.createServer((socket) => socket.end('served')).once('error', reject).listen(0, '0.0.0.0', () => {
    const { port } = server.address() as net.AddressInfo
    net.connect(port, to).once('error', reject).once('data', (data) => {
      resolve(String(data))
      server.close()
    })
  })
})
`

describe('A server of a tool', () => {
  const bench = workbench()
  const setUp = () => caller(bench, bench.project({ tools: 'net-accesses.ts' }))

  for (const [tool, value] of [['Bun.serve', (port) => ({ port, answer: 'served' })], ['http.createServer', () => 'listening']]) {
    for (const host of ['127.0.0.1', 'localhost']) {
      for (const flags of [[], ['--allow-net=127.0.0.1:1']]) {
        it(`(${tool}) on ${host} with ${flags[0] ?? 'no flag'} is refused, and allowed by the flag of its hint.`, async () => {
          const { denied, follows } = setUp()
          const at = { host, port: await freePort() }
          const { error } = await denied(flags, tool, at)
          assert.deepEqual([error.permission, error.resource], ['net', `${host}:${at.port}`])
          const flag = `--allow-net=${host}:${at.port}`
          assert.ok(error.hint.includes(`add ${flag} to`), error.hint)
          assert.deepEqual(await follows(flags, tool, at), { hinted: [flag], value: value(at.port) })
        })
      }
    }
  }

  it('on a port of the kernel\'s choice needs the host without a port.', async () => {
    const { denied, follows } = setUp()
    const at = { host: '127.0.0.1', port: 0 }
    assert.equal((await denied([], 'Bun.serve', at)).error.permission, 'net')
    const { hinted, value } = await follows([], 'Bun.serve', at)
    assert.deepEqual(hinted, ['--allow-net=127.0.0.1'])
    assert.ok(value.port > 0)
    assert.equal(value.answer, 'served')
  })

  for (const to of ['127.0.0.1', 'localhost']) {
    it(`on every address and a port of the kernel's choice is reached at ${to} by flags without that port.`, async () => {
      const { follows } = caller(bench, bench.project({ files: { 'tools.ts': OWN_SERVER } }))
      const { hinted, value } = await follows([], 'own', { to })
      assert.deepEqual(hinted.filter((flag) => /:\d+$/.test(flag)), [])
      assert.equal(value, 'served')
    })
  }

  it('on every address is not allowed by a flag for one.', async () => {
    const { denied } = setUp()
    const port = await freePort()
    const { error } = await denied([`--allow-net=127.0.0.1:${port}`], 'Bun.serve', { host: '0.0.0.0', port })
    assert.ok(error.hint.includes(`--allow-net=0.0.0.0:${port}`), error.hint)
  })

  it('by node:net is refused and allowed in the same way.', async () => {
    const { denied, follows } = setUp()
    for (const host of ['127.0.0.1', 'localhost']) {
      const at = { host, port: await freePort() }
      assert.equal((await denied([], 'net.createServer', at)).error.permission, 'net')
      assert.equal((await follows([], 'net.createServer', at)).value, 'listening')
    }
  })

  it('on a port that is taken is no denial.', async () => {
    const { fails } = setUp()
    const port = await freePort()
    const { error } = await fails([`--allow-net=127.0.0.1:${port}`], 'serves-twice', { host: '127.0.0.1', port })
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.equal(error.cause.code, 'EADDRINUSE')
  })
})
