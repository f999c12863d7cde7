import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'

import { ToolExecutionError, ToolwardenError, ValidationError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** One id for each rule, which breaks no other rule. */
const ONE_PER_RULE = {
  'it is empty': '',
  'a character is not allowed': 'two words',
  'it is absolute': '/etc',
  'it has two dots in a row': 'tool...name',
  'it has two slashes in a row': 'a//b',
  'a part ends with a dot': 'a./b',
  'a part starts with a dot': 'a/.b',
  'it ends with a slash': 'a/',
  'it starts with a dot': '.hidden',
}

const REFUSED = {
  'a single dot': '.',
  'a parent folder': '..',
  'a path that climbs': '../tools',
  'a path that climbs from within': 'a/../b',
  'a current folder': './tool',
  'a slash alone': '/',
  'a NUL': 'to\0ol',
  'a trailing newline': 'echo\n',
  'a leading blank': ' echo',
  'a backslash': 'a\\b',
  'a colon': 'C:tool',
  'a percent escape': 'a%2fb',
  'a Cyrillic homoglyph': 't\u043eol',
  'the Kelvin sign': '\u212aelvin',
  'a full-width letter': '\uff41bc',
  'a combining accent': 'e\u0301cho',
  'a zero-width joiner': 'ec\u200dho',
  'a right-to-left override': 'ec\u202eho',
  'a lone surrogate': 'ec\ud800ho',
  'a star': '*',
  'a shell substitution': '$(id)',
}

const NOT_TEXT = { undefined, null: null, 'a number': 42, 'an object': { toString: () => 'echo' }, 'an array': ['echo'], 'a symbol': Symbol('echo'), 'a boxed string': Object('echo') }

describe('A tool id', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('values.ts')
  })

  for (const [what, id] of [...Object.entries(ONE_PER_RULE), ...Object.entries(REFUSED)]) {
    it(`is refused because of: ${what}.`, async () => {
      const error = await failure(manager.executeTool(id, {}))
      assert.equal(error.code, 'ERR_TOOL_ID_INVALID')
      assert.ok(error instanceof ValidationError)
      assert.equal(error.operation, 'validate inputs')
      assert.equal(error.field, 'toolId')
    })
  }

  it('is refused with a message that names the rule it breaks.', async () => {
    const messages = new Set()
    for (const id of Object.values(ONE_PER_RULE)) {
      const { message } = await failure(manager.executeTool(id, {}))
      messages.add(id === '' ? message : message.replaceAll(id, '<id>'))
    }
    // An id that ends a part with a dot and one that starts a part with a dot may share their wording; no other two
    // may.
    assert.ok(messages.size >= Object.keys(ONE_PER_RULE).length - 1, [...messages].join('\n'))
  })

  for (const [what, id] of Object.entries(NOT_TEXT)) {
    it(`is refused when it is ${what}, as a rejection and not as an exception.`, async () => {
      const error = await failure(manager.executeTool(id, {}))
      assert.equal(error.code, 'ERR_TOOL_ID_INVALID')
      assert.ok(error instanceof ValidationError)
    })
  }

  for (const id of ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'prototype', 'valueOf', '__defineGetter__']) {
    it(`${id} is not a tool only because every object has it.`, async () => {
      const error = await failure(manager.executeTool(id, {}))
      assert.equal(error.code, 'ERR_TOOL_NOT_FOUND')
      assert.match(error.message, new RegExp(`tool .?${id}.? not found`, 'i'))
    })
  }

  it('that no tool has is refused with the list of the existing ones.', async () => {
    const error = await failure(manager.executeTool('no-such-tool', {}, { toolExecId: 'exec-1' }))
    assert.equal(error.code, 'ERR_TOOL_NOT_FOUND')
    assert.ok(error instanceof ToolExecutionError)
    assert.match(error.message, /tool .?no-such-tool.? not found/i)
    for (const id of ['echo', 'category/tool-name', 'returns-date']) assert.ok(error.message.includes(id), error.message)
    assert.equal(error.toolId, 'no-such-tool')
    assert.equal(error.toolExecId, 'exec-1')
  })

  it('is compared case by case.', async () => {
    assert.equal((await failure(manager.executeTool('Echo', {}))).code, 'ERR_TOOL_NOT_FOUND')
  })

  it('may be very long, whatever comes of it.', async () => {
    const error = await failure(manager.executeTool('a'.repeat(100_000), {}))
    assert.ok(error instanceof ToolwardenError)
    assert.ok(['ERR_TOOL_NOT_FOUND', 'ERR_TOOL_ID_INVALID'].includes(error.code))
  })

  it('that was refused leaves the manager usable.', async () => {
    await failure(manager.executeTool('../x', {}))
    assert.equal(await manager.executeTool('echo', 1), 1)
  })
})

describe('An execution id', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('values.ts')
  })

  for (const toolExecId of ['', 42, true, {}]) {
    it(`is refused when it is ${JSON.stringify(toolExecId)}.`, async () => {
      const error = await failure(manager.executeTool('echo', {}, { toolExecId }))
      assert.ok(error instanceof ValidationError)
      assert.equal(error.code, 'ERR_INPUT_INVALID')
      assert.equal(error.field, 'toolExecId')
    })
  }
})
