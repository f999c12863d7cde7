import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { ConfigError } from '../index.js'
import { cli } from './support/cli.mjs'
import { thrown } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { workbench } from './support/workbench.mjs'

const ODD = [
  'ha#sh', 'per%cent', 'per%41cent', 'quo\'te"x', 'new\nline', 'tab\tx', 'cr\rx', 'sp ace \u00e9', ' lead', 'trail ', '\u65e5\u672c \ud83d\ude00', 'a+b&c=d', '$(echo x)', '`tick`', 'semi;colon',
  '[br]{a}', '*star', '~', '-dash', 'a,b', 'a:b', '@x', 'a|b', '<x>', '%2e%2e', '\u202ertl', '\u2028sep', 'we?ird', 'back\\slash',
]
const REFUSED = { bun: ['we?ird', 'back\\slash'], node: ['back\\slash'] }

describe('A project whose path is odd', () => {
  const bench = workbench()
  const write = (dir) => {
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'other.mjs'), 'export const value = 7')
    writeFileSync(join(dir, 'tools.mjs'), "import { value } from './other.mjs'\nexport const look = () => [value, process.cwd()]\nexport const fails = () => { throw new Error('no') }")
  }
  const make = (name) => {
    const dir = join(bench.project().dir, name)
    write(dir)
    return { dir }
  }
  const refusedBy = ({ config }, name) => REFUSED[config.runtimeType].includes(name)
  const refuses = (open, fields) => {
    const error = thrown(open)
    assert.ok(error instanceof ConfigError)
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
    assert.match(error.message, /cannot import files whose path has a `[?\\]` in it/)
    assert.deepEqual(error.problems.map(({ field }) => field), fields)
    assert.match(error.hint, /rename/)
  }

  for (const runtime of RUNTIMES) {
    for (const name of ODD) {
      const refused = refusedBy(runtime, name)
      it(`${refused ? 'is refused with a sentence' : 'works'}: ${JSON.stringify(name)}, run by ${runtime.name}.`, async () => {
        const project = make(name)
        const open = () => bench.open(project, { ...runtime.config, entrypointPath: './tools.mjs' })
        if (refused) return refuses(open, ['workingDir'])
        const manager = open()
        assert.deepEqual(await manager.executeTool('look'), [7, project.dir])
        // The stack names the file, possibly as a URL.
        const { cause } = await manager.executeTool('fails').catch((error) => error)
        assert.match(cause.stack, /tools\.mjs:3/)
      })

      it(`${refused ? 'is refused with a sentence' : 'works'} as the entrypoint's directory: ${JSON.stringify(name)}, run by ${runtime.name}.`, async () => {
        const { dir } = make('plain')
        write(join(dir, name))
        const open = () => bench.open({ dir }, { ...runtime.config, entrypointPath: `./${name}/tools.mjs` })
        if (refused) return refuses(open, ['entrypointPath'])
        assert.deepEqual(await open().executeTool('look'), [7, dir])
      })
    }
  }

  for (const name of ODD) {
    it(`the command line takes it: ${JSON.stringify(name)}.`, async () => {
      const { dir } = make(name)
      const { code, stdout, stderr } = await cli(['run', './tools.mjs', 'look'], { cwd: dir })
      if (!REFUSED.bun.includes(name)) return assert.deepEqual([code, JSON.parse(stdout)], [0, [7, dir]], stderr)
      assert.equal(code, 2)
      assert.match(stderr, /^error: .*cannot import files whose path has a `[?\\]+` in it/m)
      assert.match(stderr, /^hint: .*rename/m)
    })
  }
})
