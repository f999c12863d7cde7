import assert from 'node:assert/strict'
import { rmSync, symlinkSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { Manager } from '../index.js'
import { SANDBOX } from './support/settings.mjs'
import { workbench } from './support/workbench.mjs'

const files = {
  'package.json': '{"name":"workspace","private":true}',
  'secret.txt': 'a secret of the workspace',
  'node_modules/hoisted/package.json': '{"name":"hoisted","type":"module","exports":"./index.js"}',
  'node_modules/hoisted/index.js': "export { value } from 'needed'",
  'node_modules/needed/package.json': '{"name":"needed","type":"module","exports":"./index.js"}',
  'node_modules/needed/index.js': 'export const value = 7',
  'packages/tools/tools.mjs': `
    import { readFileSync } from 'node:fs'
    import { value } from 'hoisted'
    export const imported = () => value
    export const reads = ({ path }) => readFileSync(path, 'utf8')`,
}

describe('Packages that are installed above the working directory', () => {
  const bench = workbench()

  for (const runtimeType of ['bun', 'node']) {
    for (const flags of [[], ['--allow-read=.']]) {
      it(`are found, and nothing else there is readable, with ${flags[0] ?? 'no flag'}, run by ${runtimeType}.`, async () => {
        const project = bench.project({ files })
        const permissions = runtimeType === 'bun' ? { bunPermissions: flags } : { nodeOptions: ['--permission', ...flags.map((flag) => flag.replace('read', 'fs-read'))] }
        const config = { sandbox: SANDBOX, runtimeType, entrypointPath: './tools.mjs', minWorkers: 0, ...permissions }
        const manager = bench.keep(new Manager(project.path('packages/tools'), config))
        assert.equal(await manager.executeTool('imported'), 7)
        await assert.rejects(manager.executeTool('reads', { path: project.path('secret.txt') }), { code: 'ERR_ACCESS_DENIED' })
      })
    }

    it(`are found where the project's node_modules is a link to them, run by ${runtimeType}.`, async () => {
      const project = bench.project({ files: { ...files, 'packages/tools/package.json': '{"name":"tools"}' } })
      const elsewhere = bench.project({ files })
      rmSync(project.path('node_modules'), { recursive: true })
      symlinkSync(elsewhere.path('node_modules'), project.path('packages/tools/node_modules'))
      const permissions = runtimeType === 'bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }
      const config = { sandbox: SANDBOX, runtimeType, entrypointPath: './tools.mjs', minWorkers: 0, ...permissions }
      const manager = bench.keep(new Manager(project.path('packages/tools'), config))
      assert.equal(await manager.executeTool('imported'), 7)
    })
  }
})
