import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { failure } from '../support/outcomes.mjs'
import { workbench } from '../support/workbench.mjs'

const entrypointPath = fileURLToPath(new URL('../fixtures/cli/npm-tools.ts', import.meta.url))

describe('tools of npm packages, as they are', () => {
  const bench = workbench({ shared: true })
  let manager
  const open = () => (manager ??= bench.open(bench.project(), { entrypointPath }))

  test('@agentic/calculator', async () => {
    const found = (await open().listTools()).find(({ id }) => id === 'calculator')
    assert.deepEqual(found.inputSchema.required, ['expr'])
    assert.equal(await open().executeTool('calculator', { expr: '1.2 * (2 + 4.5)' }), 7.8)
    const { issues } = await failure(open().executeTool('calculator', { expr: 1 }))
    assert.equal(issues[0].path, 'expr')
  })

  test('a tool of LangChain', async () => {
    const found = (await open().listTools()).find(({ id }) => id === 'multiply')
    assert.equal(found.description, 'Multiplies two numbers')
    assert.deepEqual(found.inputSchema.required, ['a', 'b'])
    assert.equal(await open().executeTool('multiply', { a: 6, b: 7 }), 42)
    assert.equal((await failure(open().executeTool('multiply', { a: 6 }))).code, 'ERR_INPUT_INVALID')
  })
})
