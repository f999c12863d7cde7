/** Projects of yarn's Plug'n'Play, whose packages are in no node_modules. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { Manager } from '../index.js'
import { SANDBOX } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

const tools = { 'app/tools.mjs': "import 'not-installed'\nexport const one = () => 1\n", 'app/package.json': '{"name":"app"}' }

describe('A tool that imports a package', () => {
  const bench = workbench()
  const hintIn = async (files, runtimeType) => {
    const project = bench.project({ files })
    const manager = bench.keep(new Manager(project.path('app'), { sandbox: SANDBOX, runtimeType, entrypointPath: './tools.mjs', minWorkers: 0 }))
    const error = await manager.executeTool('one').catch((thrown) => thrown)
    assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
    return error.hint
  }

  for (const runtimeType of ['bun', 'node']) {
    it(`is told about Plug'n'Play where the project has it, run by ${runtimeType}.`, async () => {
      assert.match(await hintIn({ ...tools, '.pnp.cjs': '' }, runtimeType), /`nodeLinker: node-modules`.*\.yarnrc\.yml/)
      assert.match(await hintIn(tools, runtimeType), /npm install not-installed$/)
    })
  }
})
