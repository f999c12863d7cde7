/** Secrets beside the tools: what a host and a person at the terminal see of them. */

import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { cli } from './support/cli.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const TOOLS = `import { readFileSync } from 'node:fs'
export const read = ({ path }: { path: string }) => readFileSync(path, 'utf8')
export const plain = () => 'ran'
`

describe('Secrets beside the tools', () => {
  const bench = workbench()
  const project = () => bench.project({ files: { 'package.json': '{}', 'tools.ts': TOOLS, 'data.txt': 'data', '.env': 'KEY=1', '.npmrc': 'x=1', '.env.example': 'KEY=', 'keys/tls.key': 'key' } })

  it('are refused with a hint that names how to allow one on purpose.', async () => {
    const own = project()
    const manager = bench.open(own, { bunPermissions: [] })
    assert.equal(await manager.executeTool('read', { path: own.path('data.txt') }), 'data')
    assert.equal(await manager.executeTool('read', { path: own.path('.env.example') }), 'KEY=')
    const error = await failure(manager.executeTool('read', { path: own.path('.env') }))
    assert.equal(error.code, 'ERR_ACCESS_DENIED')
    assert.equal(error.hint, `to allow it, add --allow-read=${own.path('.env')} to \`bunPermissions\``)
    const allowing = bench.open(own, { bunPermissions: [`--allow-read=${own.path('.env')}`] })
    assert.equal(await allowing.executeTool('read', { path: own.path('.env') }), 'KEY=1')
    assert.equal((await failure(allowing.executeTool('read', { path: own.path('keys/tls.key') }))).code, 'ERR_ACCESS_DENIED')
  })

  it('are in enforcement.secrets, and not in enforcement.readable.', () => {
    const own = project()
    const secrets = [own.path('.env'), own.path('.npmrc'), own.path('keys/tls.key')]
    const { readable, secrets: found } = bench.open(own, { bunPermissions: [] }).enforcement
    assert.deepEqual(found, secrets)
    assert.ok(readable.includes(own.path('tools.ts')))
    assert.ok(secrets.every((secret) => !readable.some((path) => secret === path || secret.startsWith(`${path}/`))))
    assert.deepEqual(bench.open(own, { bunPermissions: [`--allow-read=${own.dir}`] }).enforcement.secrets, [])
    assert.deepEqual(bench.open(own, { bunPermissions: ['--allow-read'] }).enforcement.secrets, secrets)
  })

  for (const runtimeType of ['bun', 'node']) {
    it(`are nothing that ${runtimeType} itself tries to read.`, async () => {
      const own = bench.project({ files: { 'package.json': '{}', 'tools.mjs': "export const plain = () => 'ran'", '.env': 'KEY=1', '.env.local': 'KEY=2', '.npmrc': 'x=1', '.git/config': '' } })
      const option = runtimeType === 'bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }
      const manager = bench.open(own, { entrypointPath: 'tools.mjs', minWorkers: 0, runtimeType, ...option })
      const recorded = new Promise((resolve) => manager.on('execution', resolve))
      assert.equal(await manager.executeTool('plain'), 'ran')
      assert.deepEqual((await recorded).denials, [])
    })
  }

  it('do not keep a saved file from being imported, and stay secrets under another name.', async () => {
    const own = project()
    const manager = bench.open(own, { bunPermissions: [], isolation: 'call', minWorkers: 0 })
    assert.equal(await manager.executeTool('plain'), 'ran')
    // As editors save: another file takes the name.
    own.write('new.ts', TOOLS.replace("'ran'", "'ran again'"))
    renameSync(own.path('new.ts'), own.path('tools.ts'))
    renameSync(own.path('.env'), own.path('other.txt'))
    assert.equal(await manager.executeTool('plain'), 'ran again')
    assert.equal((await failure(manager.executeTool('read', { path: own.path('other.txt') }))).code, 'ERR_ACCESS_DENIED')
  })

  it('are warned of by run and doctor where every file may be read.', async () => {
    const own = project()
    const run = (...flags) => cli(['run', 'tools.ts', 'plain', ...flags], { cwd: own.dir })
    assert.match((await run()).stderr, /^warning: --allow-read without a list includes secrets: .*\.env, .*\.npmrc, .*tls\.key; list what the tools need/m)
    assert.doesNotMatch((await run('--allow-read=data.txt')).stderr, /warning/)
    const { stdout } = await cli(['doctor', '--json'], { cwd: own.dir })
    assert.match(JSON.parse(stdout).warning, /\.env/)
  })
})
