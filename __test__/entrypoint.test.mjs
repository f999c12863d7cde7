import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const TOOL = (answer) => `export default { where: () => ${JSON.stringify(answer)} }\n`

describe('The entrypoint', () => {
  const bench = workbench()
  const ids = async (manager) => (await manager.listTools()).map(({ id }) => id).toSorted()

  for (const [entrypointPath, file] of [
    ['tools.ts', 'project/tools.ts'],
    ['./tools.ts', 'project/tools.ts'],
    ['src/tools.ts', 'project/src/tools.ts'],
    ['./src/../other.ts', 'project/other.ts'],
    ['../shared/tools.ts', 'shared/tools.ts'],
    ['tools.js', 'project/tools.js'],
    ['tools.mjs', 'project/tools.mjs'],
  ]) {
    it(`is found relative to the project root: ${entrypointPath}.`, async () => {
      const outer = bench.project({ files: { [file]: TOOL(file), 'project/keep': '' } })
      const manager = bench.open({ dir: outer.path('project') }, { entrypointPath })
      assert.equal(await manager.executeTool('where'), file)
    })
  }

  it('may be an absolute path.', async () => {
    const elsewhere = bench.project({ files: { 'tools.ts': TOOL('elsewhere') } })
    const manager = bench.open(bench.project({ files: { 'tools.ts': TOOL('here') } }), { entrypointPath: elsewhere.path('tools.ts') })
    assert.equal(await manager.executeTool('where'), 'elsewhere')
  })

  it('is ./tools.ts when none is configured.', async () => {
    assert.equal(await bench.open(bench.project({ files: { 'tools.ts': TOOL('default') } })).executeTool('where'), 'default')
  })

  it('is generated empty when none is configured and there is no ./tools.ts.', async () => {
    const manager = bench.open(bench.project())
    await manager.ready()
    assert.deepEqual(await manager.listTools(), [])
    const error = await failure(manager.executeTool('any'))
    assert.equal(error.code, 'ERR_TOOL_NOT_FOUND')
    assert.match(error.message, /none/)
  })

  it('gives the properties of its default export as tools.', async () => {
    const manager = bench.openTools('exits.ts')
    assert.deepEqual(await ids(manager), ['exits', 'exits-later', 'fine', 'kills-itself'])
  })

  it('gives its named exports as tools when it has no default export.', async () => {
    const manager = bench.openTools('named-exports.ts')
    assert.equal(await manager.executeTool('adds', { a: 2, b: 3 }), 5)
    assert.equal(await manager.executeTool('greets', 'you'), 'hello you')
  })

  it('gives no tools for exports that are none.', async () => {
    const manager = bench.openTools('named-exports.ts')
    assert.deepEqual(await ids(manager), ['adds', 'greets'])
    assert.equal((await failure(manager.executeTool('VERSION'))).code, 'ERR_TOOL_NOT_FOUND')
  })

  it('gives the default export alone where it has both.', async () => {
    const manager = bench.open(bench.project({ files: { 'tools.ts': 'export const named = () => 1\nexport default { table: () => 2 }\n' } }))
    assert.deepEqual(await ids(manager), ['table'])
    assert.equal((await failure(manager.executeTool('named'))).code, 'ERR_TOOL_NOT_FOUND')
  })

  it('gives own properties only, also those with the name of an inherited one.', async () => {
    const manager = bench.openTools('own-properties.ts')
    assert.deepEqual(await ids(manager), ['owned', 'toString'])
    assert.equal(await manager.executeTool('toString'), 'own toString')
    assert.equal((await failure(manager.executeTool('inheritedTool'))).code, 'ERR_TOOL_NOT_FOUND')
  })

  it('may import files of the project, JSON and packages of its node_modules.', async () => {
    const files = {
      'tools.ts': "import { helper } from './lib/helper'\nimport data from './data.json'\nimport dep from 'dep'\nexport default { all: () => [helper(), data.value, dep] }\n",
      'lib/helper.ts': "export const helper = (): string => 'helper'\n",
      'data.json': '{"value":"data"}',
      'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"index.js"}',
      'node_modules/dep/index.js': "module.exports = 'dep'\n",
    }
    assert.deepEqual(await bench.open(bench.project({ files })).executeTool('all'), ['helper', 'data', 'dep'])
  })

  it('may wait at its top level.', async () => {
    const text = "const value = await new Promise((resolve) => setTimeout(() => resolve('waited'), 5))\nexport default { value: () => value }\n"
    assert.equal(await bench.open(bench.project({ files: { 'tools.ts': text } })).executeTool('value'), 'waited')
  })

  it('is read anew by every manager.', async () => {
    const project = bench.project({ files: { 'tools.ts': TOOL('before') } })
    assert.equal(await bench.open(project).executeTool('where'), 'before')
    project.write('tools.ts', TOOL('after'))
    assert.equal(await bench.open(project).executeTool('where'), 'after')
  })
})
