import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { ValidationError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const cycle = {}
cycle.self = cycle

const NOT_JSON = {
  'a function': () => 1,
  'a symbol': Symbol('s'),
  'a BigInt': 10n,
  'an object with a BigInt': { size: 10n },
  'a cycle': cycle,
  'an object whose toJSON throws': {
    toJSON() {
      throw new Error('no JSON of me')
    },
  },
}

const REFUSED_OPTIONS = [
  ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
  ['retry.maxAttempts', { retry: { maxAttempts: -1 } }],
  ['retry.maxAttempts', { retry: { maxAttempts: 1.5 } }],
  ['retry.maxAttempts', { retry: { maxAttempts: '3' } }],
  ['retry.maxAttempts', { retry: { maxAttempts: NaN } }],
  ['retry.on', { retry: { on: ['never'] } }],
  ['retry.on', { retry: { on: 'crash' } }],
  ['retry.on', { retry: { on: [1] } }],
  ['retry', { retry: 'always' }],
  ['onLog', { onLog: 'console' }],
  ['onProgress', { onProgress: {} }],
]

describe('The input of a call', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('values.ts')
  })

  const refused = async (call, field) => {
    const error = await failure(call)
    assert.equal(error.code, 'ERR_INPUT_INVALID')
    assert.ok(error instanceof ValidationError)
    assert.equal(error.operation, 'validate inputs')
    // A field may name the element of a list that is wrong: retry.on[0].
    assert.ok(error.field === field || error.field.startsWith(`${field}[`) || error.field.startsWith(`${field}.`), error.field)
    return error
  }

  for (const [what, value] of Object.entries(NOT_JSON)) {
    it(`may not be ${what}, and neither may the config.`, async () => {
      await refused(manager.executeTool('echo', value), 'input')
      await refused(manager.executeTool('echo', 1, { config: value }), 'config')
    })
  }

  for (const [field, options] of REFUSED_OPTIONS) {
    it(`may not come with ${JSON.stringify(options)}.`, async () => {
      await refused(manager.executeTool('echo', 1, options), field)
    })
  }

  it('that was refused leaves the manager usable and starts nothing.', async () => {
    const { started } = manager.stats().calls
    await failure(manager.executeTool('echo', 10n))
    assert.equal(manager.stats().calls.started, started)
    assert.equal(await manager.executeTool('echo', 1), 1)
  })
})
