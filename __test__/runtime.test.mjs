import assert from 'node:assert/strict'
import { existsSync, symlinkSync } from 'node:fs'
import { describe, it } from 'node:test'

import { isBunAvailable, ProcessError } from '../index.js'
import { thrown } from './support/outcomes.mjs'
import { REAL_BUN } from './support/project.mjs'
import { workbench } from './support/workbench.mjs'

describe('The runtime', () => {
  const bench = workbench()

  it('is found without being configured.', async () => {
    assert.equal(isBunAvailable(), true)
    assert.equal(await bench.openTools('values.ts').executeTool('echo', 1), 1)
  })

  it('may be given by an absolute path.', async () => {
    assert.ok(existsSync(REAL_BUN))
    assert.equal(await bench.openTools('values.ts', { runtimePath: REAL_BUN }).executeTool('echo', 1), 1)
  })

  it('may be given by a path relative to the project, and as a symbolic link.', async () => {
    const project = bench.project({ tools: 'values.ts' })
    symlinkSync(REAL_BUN, project.path('my-bun'))
    assert.equal(await bench.open(project, { runtimePath: './my-bun' }).executeTool('echo', 1), 1)
  })

  for (const runtimePath of ['/no/such/bun', './no-such-bun']) {
    it(`that does not exist is reported at construction: ${runtimePath}.`, () => {
      const project = bench.project({ tools: 'values.ts' })
      const error = thrown(() => bench.open(project, { runtimePath }))
      assert.equal(error.code, 'ERR_RUNTIME_NOT_FOUND')
      assert.ok(error instanceof ProcessError)
      assert.equal(error.operation, 'find runtime')
      assert.match(error.message, /bun executable not found/)
      assert.match(`${error.message} ${error.hint}`, /install|runtimePath/)
    })
  }

  it('that cannot be executed is reported at construction.', () => {
    const project = bench.project({ tools: 'values.ts', files: { 'not-executable': 'text' } })
    const error = thrown(() => bench.open(project, { runtimePath: './not-executable' }))
    assert.equal(error.code, 'ERR_RUNTIME_NOT_FOUND')
  })
})
