import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

for (const runtimeType of ['bun', 'node']) {
  describe(`What a tool may return besides values, run by ${runtimeType}`, () => {
    const bench = workbench({ shared: true })
    let manager
    before(() => {
      const project = bench.project()
      const entrypointPath = project.copyTools('bodies.mjs', 'tools.mjs')
      manager = bench.open(project, { runtimeType, entrypointPath, isolation: 'worker', maxWorkers: 1, maxOutputSize: 10_000, gracePeriod: '10s' })
    })

    for (const tool of ['response', 'blob', 'webStream', 'textStream', 'nodeStream']) {
      it(`reads a body as text: ${tool}.`, async () => assert.equal(await manager.executeTool(tool), 'caf\u00e9'))
    }

    it('reads a Response without a body as an empty text.', async () => assert.equal(await manager.executeTool('emptyResponse'), ''))

    for (const [tool, says] of [['notText', /base64/], ['objects', /text or bytes/], ['failing', /the source broke/]]) {
      it(`gives the reason why a body cannot be used: ${tool}.`, async () => {
        const error = await failure(manager.executeTool(tool))
        assert.equal(error.code, 'ERR_OUTPUT_INVALID')
        assert.match(`${error.message} ${error.cause?.message}`, says)
      })
    }

    it('reads no further than a result may be long, and tells the source.', async () => {
      const error = await failure(manager.executeTool('endless'))
      assert.equal(error.code, 'ERR_OUTPUT_TOO_LARGE')
      assert.equal(await manager.executeTool('wasCancelled'), true)
    })

    for (const [tool, result] of [['generator', { at: 3 }], ['syncGenerator', 'done']]) {
      it(`takes the values of a ${tool} as progress.`, async () => {
        const values = []
        assert.deepEqual(await manager.executeTool(tool, { to: 3 }, { onProgress: (value) => values.push(value) }), result)
        assert.deepEqual(values, [{ at: 1 }, { at: 2 }, { at: 3 }])
      })
    }

    it('tells a generator whose call is over, and keeps what its cleaning up throws from the next call.', async () => {
      const error = await failure(manager.executeTool('leavesAnError'))
      assert.match(error.message, /left to nobody/)
      assert.equal(await manager.executeTool('waitsForCleanUp'), 'undisturbed')
    })

    it('leaves values as they are.', async () => {
      assert.deepEqual(await manager.executeTool('cursor'), [1, 2])
      assert.deepEqual(await manager.executeTool('list'), [1, 2])
    })

    it('lists no class as a tool.', async () => {
      const ids = (await manager.listTools()).map(({ id }) => id)
      assert.equal(ids.includes('NotATool') || ids.includes('Built'), false, ids.join())
    })
  })

}

describe('An entrypoint that exports `then`', () => {
  const bench = workbench()

  for (const runtimeType of ['bun', 'node']) {
    it(`has tools like any other, run by ${runtimeType}.`, async () => {
      const project = bench.project()
      const entrypointPath = project.copyTools('exports-then.mjs', 'tools.mjs')
      const manager = bench.open(project, { runtimeType, entrypointPath })
      assert.deepEqual(await manager.executeTool('then', 1), { after: 1 })
      assert.equal(await manager.executeTool('other'), 'other')
    })

    for (const [what, code] of [
      ['throws where its input is missing', 'export const then = ({ city }) => city.toUpperCase()'],
      ['calls what it is given', "export const then = (given) => (typeof given === 'function' ? given({ then: null }) : given.city.toUpperCase())"],
    ]) {
      it(`has it also as a tool that ${what}, run by ${runtimeType}.`, async () => {
        const project = bench.project({ files: { 'tools.mjs': `${code}\nexport const other = () => 'other'` } })
        const manager = bench.open(project, { runtimeType, entrypointPath: './tools.mjs' })
        assert.equal(await manager.executeTool('then', { city: 'Oslo' }), 'OSLO')
        assert.equal(await manager.executeTool('other'), 'other')
      })
    }

    it(`fails once, with its own error, if it does not load, run by ${runtimeType}.`, async () => {
      const code = "import { appendFileSync } from 'node:fs'\nappendFileSync('./runs', 'x')\nexport const then = () => 1\nthrow new RangeError('not today')"
      const project = bench.project({ files: { 'tools.mjs': code } })
      const manager = bench.open(project, { runtimeType, entrypointPath: './tools.mjs', sandbox: 'off', minWorkers: 0 })
      const error = await failure(manager.executeTool('other'))
      assert.deepEqual([error.code, error.cause.name, error.cause.message], ['ERR_ENTRYPOINT_LOAD', 'RangeError', 'not today'])
      assert.equal(readFileSync(project.path('runs'), 'utf8'), 'x')
    })
  }
})
