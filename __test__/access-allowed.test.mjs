import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { freePort, greeter } from './support/loopback.mjs'
import { workbench } from './support/workbench.mjs'

/** Every name that this machine's hosts file gives 127.0.0.1; localhost is one of them everywhere. */
function loopbackNames() {
  const lines = readFileSync('/etc/hosts', 'utf8').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
  return new Set(['localhost', ...lines.filter(([address]) => address === '127.0.0.1').flatMap(([, ...names]) => names)])
}

describe('A list of hosts', () => {
  const bench = workbench()
  const setUp = () => caller(bench, bench.project({ tools: 'net-accesses.ts' }))
  let server
  let other
  before(async () => {
    server = await greeter()
    other = await greeter()
  })
  after(() => Promise.all([server.close(), other.close()]))

  it('with a port allows that port alone.', async () => {
    const { succeeds, denied } = setUp()
    const flags = [`--allow-net=127.0.0.1:${server.port}`]
    assert.equal(await succeeds(flags, 'fetch', { host: '127.0.0.1', port: server.port }), 'hi')
    const { error } = await denied(flags, 'fetch', { host: '127.0.0.1', port: other.port })
    assert.equal(error.resource, `127.0.0.1:${other.port}`)
  })

  it('without a port allows every port.', async () => {
    const { succeeds } = setUp()
    for (const { port } of [server, other]) assert.equal(await succeeds(['--allow-net=127.0.0.1'], 'fetch', { host: '127.0.0.1', port }), 'hi')
  })

  it('may take a port back.', async () => {
    const { succeeds, denied } = setUp()
    const flags = ['--allow-net=127.0.0.1', `--deny-net=127.0.0.1:${other.port}`]
    assert.equal(await succeeds(flags, 'fetch', { host: '127.0.0.1', port: server.port }), 'hi')
    await denied(flags, 'fetch', { host: '127.0.0.1', port: other.port })
  })

  for (const name of loopbackNames()) {
    it(`knows ${name} from the hosts file, and its address.`, async () => {
      const { succeeds, denied } = setUp()
      for (const flag of [`--allow-net=${name}`, `--allow-net=${name}:${server.port}`]) {
        assert.equal(await succeeds([flag], 'fetch', { host: name, port: server.port }), 'hi')
        // By address, because the kernel sees no names.
        assert.equal(await succeeds([flag], 'fetch', { host: '127.0.0.1', port: server.port }), 'hi')
      }
      await denied([`--allow-net=${name}:${server.port}`], 'fetch', { host: name, port: other.port })
    })
  }

  it('allows a server on the port it names, and clients of it.', async () => {
    const { succeeds } = setUp()
    const port = await freePort()
    const expected = { port, answer: 'served' }
    assert.deepEqual(await succeeds([`--allow-net=127.0.0.1:${port}`], 'Bun.serve', { host: '127.0.0.1', port }), expected)
    assert.deepEqual(await succeeds([`--allow-net=localhost:${port}`], 'Bun.serve', { host: 'localhost', port }), expected)
  })

  it('gives a tool the variables it needs for that and nothing of the host\'s.', async () => {
    const project = bench.project({ tools: 'environment.ts' })
    const all = await bench.open(project, { bunPermissions: ['--allow-net=127.0.0.1'], minWorkers: 0 }).executeTool('all')
    assert.ok(!Object.keys(all).some((name) => /proxy/i.test(name)), Object.keys(all).join())
  })
})

describe('A list of files', () => {
  const bench = workbench()

  it('allows what it names and what is below, and nothing beside it.', async () => {
    const outside = bench.project({ files: { 'a/in.txt': 'a', 'a/b/in.txt': 'b', 'ab/in.txt': 'c', 'd.txt': 'd', 'e.txt': 'e' } })
    const { succeeds, denied } = caller(bench, bench.project({ tools: 'file-accesses.ts' }))
    const flags = [`--allow-read=${outside.path('a')},${outside.path('d.txt')}`]
    const read = (path) => succeeds(flags, 'readFile', { path: outside.path(path) })
    assert.deepEqual([await read('a/in.txt'), await read('a/b/in.txt'), await read('d.txt')], ['a', 'b', 'd'])
    for (const path of ['ab/in.txt', 'e.txt', 'a/../e.txt']) await denied(flags, 'readFile', { path: outside.path(path) })
  })

  it('of relative paths starts at the project.', async () => {
    const project = bench.project({ tools: 'file-accesses.ts', files: { 'data/in.txt': 'hello' } })
    const { succeeds } = caller(bench, project)
    await succeeds(['--allow-write=./data'], 'writeFile', { path: 'data/in.txt' })
    assert.equal(readFileSync(project.path('data/in.txt'), 'utf8'), 'x')
  })

  it('leaves the entrypoint\'s package readable with no flag, and not writable.', async () => {
    const project = bench.project({ tools: 'file-accesses.ts', files: { 'data/in.txt': 'hello' } })
    const { succeeds, denied } = caller(bench, project)
    assert.equal(await succeeds([], 'readFile', { path: 'data/in.txt' }), 'hello')
    await denied([], 'writeFile', { path: 'data/in.txt' })
  })
})
