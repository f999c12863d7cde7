import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import { ConfigError, ProcessError } from '../index.js'
import { failure, thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

describe('An entrypoint that does not load', () => {
  const bench = workbench()
  // The source is written here and is not a fixture, because no linter or formatter could read the file.
  const syntaxError = () => bench.project({ files: { 'tools.ts': 'export default { broken( { \n' } })

  for (const [what, project, said] of [
    ['a syntax error', syntaxError, /tools\.ts/],
    ['a missing import', () => bench.project({ tools: 'missing-import.ts' }), /does-not-exist/],
    ['an exception', () => bench.project({ tools: 'throws-at-import.ts' }), /the module refuses to load/],
  ]) {
    it(`fails calls, ready() and listTools() with the error of the module: ${what}.`, async () => {
      const manager = bench.open(project())
      // All at once: which of them is answered first is not promised.
      for (const error of await Promise.all([manager.executeTool('any'), manager.ready(), manager.listTools()].map(failure))) {
        assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
        assert.ok(error instanceof ProcessError)
        assert.equal(error.operation, 'load entrypoint')
        assert.match(`${error.message}\n${error.stderr}`, said)
        assert.match(`${error.cause.message}\n${error.cause.stack ?? ''}`, said)
      }
    })
  }

  for (const runtimeType of ['bun', 'node']) {
    it(`hints at the npm package that is not installed (${runtimeType}).`, async () => {
      const project = bench.project({ files: { 'tools.mjs': "import { x } from '@nobody/nothing/deep'\nexport default { a: () => x }\n" } })
      const error = await failure(bench.open(project, { runtimeType, entrypointPath: 'tools.mjs' }).ready())
      assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
      assert.match(error.hint, /npm install @nobody\/nothing$/)
    })
  }

  it('is not tried again.', async () => {
    const manager = bench.openTools('throws-at-import.ts', { minWorkers: 0 })
    assert.equal((await failure(manager.executeTool('any'))).attempts, 1)
    assert.equal(manager.stats().calls.retried, 0)
  })

  it('has the name, the message and the stack of its error in cause, and that stack in stderr.', async () => {
    const error = await failure(bench.openTools('throws-at-import.ts').ready())
    assert.equal(error.cause.name, 'RangeError')
    assert.equal(error.cause.message, 'the module refuses to load')
    assert.match(error.cause.stack, /tools\.ts:1\b/)
    assert.match(error.stderr, /the module refuses to load/)
  })

  it('fails calls too when it ends its process while it is imported.', async () => {
    const manager = bench.openTools('exits-at-import.ts', { backoffInitialInterval: 5, backoffMaxInterval: 10, backoffMaxElapsedTime: 100 })
    const error = await failure(manager.executeTool('any'))
    assert.ok(error instanceof ProcessError)
    assert.ok(['ERR_WORKER_START', 'ERR_ENTRYPOINT_LOAD'].includes(error.code), error.code)
    assert.equal(error.exitCode, 6)
  })

  it('lets the manager close as ever.', async () => {
    const manager = bench.open(syntaxError())
    await failure(manager.ready())
    await manager.close()
    assert.deepEqual(manager.stats().workers, { starting: 0, idle: 0, busy: 0 })
  })
})

describe('An entrypoint that does not exist', () => {
  const bench = workbench()

  for (const entrypointPath of ['missing.ts', './missing.ts', '../missing.ts', '/missing/tools.ts', 'folder/../missing.ts']) {
    it(`is found out at construction: ${entrypointPath}.`, () => {
      const error = thrown(() => bench.open(bench.project({ tools: 'values.ts' }), { entrypointPath }))
      assert.equal(error.code, 'ERR_ENTRYPOINT_NOT_FOUND')
      assert.ok(error instanceof ConfigError)
      assert.ok(error.message.includes('missing'), error.message)
    })
  }

  it('leaves no file behind.', () => {
    const project = bench.project()
    thrown(() => bench.open(project, { entrypointPath: 'missing.ts' }))
    assert.deepEqual(readdirSync(project.dir), [])
  })
})
