import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { ConfigError } from '../index.js'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const ODD = ['ha#sh', 'per%41cent', 'quo\'te"x', 'new\nline', 'sp ace \u00e9', 'a+b&c=d', '$(echo x)', 'we?ird', 'back\\slash']
const REFUSED = { bun: ['we?ird', 'back\\slash'], node: ['back\\slash'] }

describe('A project whose path is odd', () => {
  const bench = workbench()
  const make = (name) => {
    const dir = join(bench.project().dir, name)
    mkdirSync(dir)
    writeFileSync(join(dir, 'other.mjs'), 'export const value = 7')
    writeFileSync(join(dir, 'tools.mjs'), "import { value } from './other.mjs'\nexport const look = () => [value, process.cwd()]")
    return { dir }
  }

  for (const runtimeType of ['bun', 'node']) {
    for (const name of ODD) {
      const refused = REFUSED[runtimeType].includes(name)
      it(`${refused ? 'is refused with a sentence' : 'works'}: ${JSON.stringify(name)}, run by ${runtimeType}.`, async () => {
        const project = make(name)
        const open = () => bench.open(project, { runtimeType, entrypointPath: './tools.mjs' })
        if (!refused) return assert.deepEqual(await open().executeTool('look'), [7, project.dir])
        const error = thrown(open)
        assert.ok(error instanceof ConfigError)
        assert.equal(error.code, 'ERR_CONFIG_INVALID')
        assert.match(error.message, /cannot import files whose path has a `[?\\]` in it/)
        assert.deepEqual(error.problems.map(({ field }) => field), ['workingDir'])
        assert.match(error.hint, /rename/)
      })
    }
  }
})
