import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { greeter } from './support/loopback.mjs'
import { failure } from './support/outcomes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const TENANTS = { 'data/one/in.txt': 'of one', 'data/two/in.txt': 'of two' }

describe('The permissions of one call', () => {
  const bench = workbench()
  const open = (config) => {
    const outside = bench.project({ files: TENANTS })
    const made = bench.project()
    made.copyTools('groups.mjs', 'tools.mjs')
    const manager = bench.open(made, { entrypointPath: 'tools.mjs', minWorkers: 0, bunPermissions: [`--allow-read=${outside.path('data')}`], ...config })
    return { manager, outside, made }
  }
  const did = ({ file }) => file.startsWith('did: ')

  for (const runtime of ['bun', 'node']) {
    for (const isolation of ['call', 'worker']) {
      it(`narrow it to what both lists allow, ${runtime}, isolation "${isolation}": a call without them is as before, in another process.`, async () => {
        const { manager, outside } = open({ isolation, runtimeType: runtime })
        const config = runtime === 'node' ? { nodeOptions: ['--permission', `--allow-fs-read=${outside.path('data')}`] } : {}
        const own = runtime === 'node' ? open({ isolation, runtimeType: runtime, ...config }).manager : manager
        const flags = [`--allow-read=${outside.path('data/one')}`]
        const look = (path, permissions) => own.executeTool('plain', { port: 1, path: outside.path(path) }, permissions === undefined ? {} : { permissions })
        const [one, two, nothing, before] = await Promise.all([
          look('data/one/in.txt', flags),
          look('data/two/in.txt', flags),
          look('data/one/in.txt', []),
          look('data/two/in.txt'),
        ])
        assert.deepEqual([one, two, nothing, before].map(did), [true, false, false, true])
        assert.equal(new Set([one, two, nothing, before].map(({ pid }) => pid)).size, 4)
        // No process that was narrowed serves another call, and none stays.
        const after = await look('data/two/in.txt')
        assert.ok(did(after) && ![one, two, nothing].some(({ pid }) => pid === after.pid))
      })
    }
  }

  it('leave no process behind.', async () => {
    const { manager } = open({ isolation: 'worker' })
    await manager.executeTool('pidOf', null, { permissions: [] })
    await until(() => Object.values(manager.stats().workers).every((count) => count === 0), 'no process to be left')
  })

  it('are refused with the flag where the list of the tool does not cover it, before anything runs.', async () => {
    const { manager, outside, made } = open({ tools: { weather: { bunPermissions: ['--allow-net=127.0.0.1'] } } })
    for (const [tool, permissions, part] of [
      ['plain', ['--allow-read=/etc'], '--allow-read=/etc'],
      ['plain', ['--allow-read'], '--allow-read'],
      ['plain', [`--allow-read=${outside.path('data/one')}`, '--allow-net=127.0.0.1:80'], '--allow-net=127.0.0.1:80'],
      ['plain', ['--allow-run=/bin/cat'], '--allow-run=/'],
      ['plain', ['--allow-env=HOME'], '--allow-env=HOME'],
      ['plain', ['--allow-all'], '--allow-all'],
      ['weather', [`--allow-read=${outside.path('data')}`], '--allow-read='],
      ['plain', ['--allow-raed=/x'], '--allow-read'],
      ['plain', [`--allow-read=${made.path('missing')}`], 'missing'],
    ]) {
      const error = await failure(manager.executeTool(tool, {}, { permissions }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID', `${permissions}: ${error.message}`)
      assert.match(error.problems[0].field, /^permissions/)
      assert.ok(error.problems[0].message.includes(part), error.problems[0].message)
    }
    assert.equal(manager.stats().calls.started, 0)
    for (const permissions of ['--allow-read', [1], {}, null]) {
      const error = await failure(manager.executeTool('plain', {}, { permissions }))
      assert.deepEqual([error.code, error.field], ['ERR_INPUT_INVALID', 'permissions'])
    }
  })

  it('do not follow a link out of what the tool may read.', async () => {
    const { manager, outside, made } = open()
    const { symlinkSync } = await import('node:fs')
    symlinkSync('/etc', outside.path('data/link'))
    const error = await failure(manager.executeTool('plain', {}, { permissions: [`--allow-read=${outside.path('data/link')}`] }))
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    symlinkSync(outside.path('data/one'), made.path('inside'))
    assert.equal(did(await manager.executeTool('plain', { port: 1, path: outside.path('data/one/in.txt') }, { permissions: ['--allow-read=./inside'] })), true)
  })

  it('keep what the list of the tool takes back, and narrow a tool with settings of its own.', async () => {
    const server = await greeter()
    const { manager, outside } = open({ tools: { weather: { bunPermissions: [`--allow-net=127.0.0.1:${server.port}`, `--allow-read`] } } })
    const input = { port: server.port, path: outside.path('data/one/in.txt') }
    const net = await manager.executeTool('weather', input, { permissions: [`--allow-net=127.0.0.1:${server.port}`] })
    assert.deepEqual([net.net.startsWith('did: '), did(net)], [true, false])
    await server.close()
  })

  it('are named by the hint of a denial.', async () => {
    const made = bench.project({ files: { ...TENANTS, 'tools.mjs': "import { readFile } from 'node:fs/promises'\nexport const reads = ({ path }) => readFile(path, 'utf8')\n" } })
    const outside = bench.project({ files: TENANTS })
    const manager = bench.open(made, { entrypointPath: 'tools.mjs', minWorkers: 0 })
    const error = await failure(manager.executeTool('reads', { path: outside.path('data/two/in.txt') }, { permissions: [`--allow-read=${outside.path('data/one')}`] }))
    assert.equal(error.code, 'ERR_ACCESS_DENIED', error.message)
    assert.equal(error.hint, `to allow it, add --allow-read=${outside.path('data/two/in.txt')} to \`permissions\``)
  })

  it('can be cancelled at any moment, and close() waits for the call.', async () => {
    const { manager } = open()
    const controller = new AbortController()
    const cancelled = failure(manager.executeTool('forever', null, { permissions: [], signal: controller.signal }))
    controller.abort()
    assert.equal((await cancelled).code, 'ABORT_ERR')
    const late = manager.executeTool('pidOf', null, { permissions: [] })
    await manager.close()
    assert.equal(typeof (await late), 'number')
  })

  it('end with the manager that is closed by force.', async () => {
    const { manager } = open()
    const call = failure(manager.executeTool('forever', null, { permissions: [] }))
    await manager.close({ force: true })
    assert.equal((await call).code, 'ERR_MANAGER_CLOSED')
  })
})
