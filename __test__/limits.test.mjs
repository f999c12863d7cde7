import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { ToolExecutionError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const MIB = 1024 * 1024

async function tooLarge(call) {
  const error = await failure(call)
  assert.equal(error.code, 'ERR_OUTPUT_TOO_LARGE')
  assert.ok(error instanceof ToolExecutionError)
  assert.equal(error.operation, 'decode result')
  return error
}

describe('The size of a result', () => {
  const bench = workbench()

  it('may be 9 MiB by default.', async () => {
    const result = await bench.openTools('bad-results.ts').executeTool('returns-text-of-length', 9 * MIB)
    assert.equal(result.length, 9 * MIB)
  })

  it('may not be 11 MiB by default, and the manager stays usable.', async () => {
    const manager = bench.openTools('bad-results.ts')
    await tooLarge(manager.executeTool('returns-text-of-length', 11 * MIB))
    assert.equal(await manager.executeTool('fine'), 'fine')
  })

  it('may be exactly maxOutputSize bytes, quotes included, and not one more.', async () => {
    const manager = bench.openTools('bad-results.ts', { maxOutputSize: 1000 })
    assert.equal((await manager.executeTool('returns-text-of-length', 998)).length, 998)
    await tooLarge(manager.executeTool('returns-text-of-length', 999))
  })

  it('is counted in bytes of UTF-8, not in characters.', async () => {
    const manager = bench.openTools('bad-results.ts', { maxOutputSize: 1000 })
    assert.equal((await manager.executeTool('returns-wide-text-of-length', 332)).length, 332)
    await tooLarge(manager.executeTool('returns-wide-text-of-length', 333))
  })

  it('may be raised beyond 10 MiB.', async () => {
    const manager = bench.openTools('bad-results.ts', { maxOutputSize: 20 * MIB })
    assert.equal((await manager.executeTool('returns-text-of-length', 12 * MIB)).length, 12 * MIB)
  })

  it('that is too large is refused, and the option that would allow it is named.', async () => {
    const error = await tooLarge(bench.openTools('bad-results.ts', { maxOutputSize: 10 }).executeTool('returns-text-of-length', 100))
    assert.match(`${error.message} ${error.hint}`, /maxOutputSize/)
  })
})

describe('The size of an input', () => {
  const bench = workbench()

  it('may be 16 MiB.', async () => {
    const manager = bench.openTools('bad-results.ts')
    assert.equal((await manager.executeTool('returns-text-of-length', 5)).length, 5)
    const echo = bench.openTools('floods.ts')
    assert.equal(await echo.executeTool('prints-while-reading-much', 'i'.repeat(16 * MIB)), 16 * MIB)
  })
})

describe('The size of the list of tools', () => {
  const bench = workbench()

  for (const runtimeType of ['bun', 'node']) {
    const open = (bytes) => {
      const code = `export const small = () => 'small'\nexport const large = { description: 'd'.repeat(${bytes}), execute: () => 'large' }`
      return bench.open(bench.project({ files: { 'tools.mjs': code } }), { runtimeType, entrypointPath: './tools.mjs', minWorkers: 0 })
    }

    it(`may be almost 16 MiB, run by ${runtimeType}.`, async () => {
      const manager = open(15 * MIB)
      assert.equal((await manager.listTools()).find(({ id }) => id === 'large').description.length, 15 * MIB)
      assert.equal(await manager.executeTool('small'), 'small')
    })

    it(`is an error of the entrypoint beyond that, which names the largest tool, run by ${runtimeType}.`, async () => {
      const manager = open(17 * MIB)
      for (const error of [await failure(manager.listTools()), await failure(manager.executeTool('small'))]) {
        assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
        assert.match(error.message, /ids, descriptions and schemas of its 2 tools are \d+ bytes .* the largest tool is "large"/)
        assert.match(error.hint, /divide the tools among several entrypoints/)
      }
    })
  }
})
