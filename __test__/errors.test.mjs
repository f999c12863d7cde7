import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'

import { ToolExecutionError } from '../index.js'
import { failure } from './support/outcomes.mjs'
import { fixturePath } from './support/project.mjs'
import { workbench } from './support/workbench.mjs'

/** The number of the line in a fixture that contains the text, counted from 1. */
const lineOf = (fixture, text) =>
  readFileSync(fixturePath(fixture), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1

describe('A tool that throws', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('throws.ts')
  })
  const throwing = async (tool, input = null) => {
    const error = await failure(manager.executeTool(tool, input))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.ok(error instanceof ToolExecutionError)
    assert.equal(error.toolId, tool)
    assert.equal(error.operation, 'execute')
    assert.equal(error.attempts, 1)
    assert.equal(error.timedOut, false)
    return error
  }

  it('gives its error as the cause, with name, message and stack.', async () => {
    const error = await throwing('throws-error')
    assert.ok(error.message.includes('the argument is wrong'))
    assert.equal(error.cause.name, 'TypeError')
    assert.equal(error.cause.message, 'the argument is wrong')
    assert.equal(typeof error.cause.stack, 'string')
  })

  it('has a stack that names its own file and line.', async () => {
    const { cause } = await throwing('throws-error')
    assert.match(cause.stack, new RegExp(`tools\\.ts:${lineOf('throws.ts', '// the line of the throw')}\\b`))
  })

  for (const isolation of ['call', 'worker']) {
    it(`has a stack of the usual form also where the runtime made the exception (isolation "${isolation}").`, async () => {
      const { cause } = await failure(bench.openTools('throws.ts', { isolation, maxWorkers: 1 }).executeTool('throws-dom-exception'))
      const [heading, ...frames] = cause.stack.split('\n')
      assert.equal(heading, 'AbortError: The operation was aborted.')
      assert.ok(frames.some((line) => line.includes('tools.ts')), cause.stack)
      for (const line of frames) assert.match(line, /^    at (?!.*(?:\.toolwarden|node:async_hooks))/)
    })
  }

  it('has an error whose own stack names the file of the caller.', async () => {
    const error = await failure(manager.executeTool('throws-error'))
    assert.match(error.stack, /errors\.test\.mjs/)
  })

  it('gives code, cause and the other properties of its error that JSON can carry.', async () => {
    const { cause } = await throwing('throws-custom-error')
    assert.equal(cause.name, 'QuotaError')
    assert.equal(cause.code, 'E_QUOTA')
    assert.equal(cause.limit, 5)
    assert.deepEqual(cause.details, { used: [1, 2, 3] })
    assert.equal(cause.cause.name, 'RangeError')
    assert.equal(cause.cause.message, 'the inner reason')
  })

  it('may do so as a rejection.', async () => {
    assert.equal((await throwing('rejects')).cause.message, 'rejected later')
    assert.equal((await throwing('rejects-from-a-timer')).cause.message, 'rejected by a timer')
  })

  for (const [tool, text] of [
    ['throws-text', 'just text'],
    ['throws-null', 'null'],
    ['throws-undefined', 'undefined'],
    ['throws-object', 'E_PLAIN'],
  ]) {
    it(`may throw what is no error: ${tool.replaceAll('-', ' ')}.`, async () => {
      const error = await throwing(tool)
      assert.ok(`${error.message} ${JSON.stringify(error.cause)}`.includes(text), error.message)
    })
  }

  it('keeps code and properties of a thrown plain object.', async () => {
    const { cause } = await throwing('throws-object')
    assert.equal(cause.code, 'E_PLAIN')
    assert.equal(cause.detail, 7)
  })

  it('may throw an error with properties that JSON cannot carry.', async () => {
    const { cause } = await throwing('throws-uncloneable-properties')
    assert.equal(cause.message, 'odd properties')
    assert.equal(cause.kept, 'yes')
  })

  it('may throw an error that is its own cause.', async () => {
    assert.equal((await throwing('throws-itself-as-cause')).cause.message, 'cyclic cause')
  })

  it('may throw an error with a getter that throws.', async () => {
    assert.equal((await throwing('throws-with-hostile-getter')).cause.message, 'hostile')
  })

  it('has what it wrote to stderr in the error.', async () => {
    assert.ok((await throwing('writes-stderr-then-throws', 'last words')).stderr.includes('last words'))
  })

  it('leaves the manager usable.', async () => {
    await throwing('throws-error')
    assert.equal(await manager.executeTool('fine'), 'fine')
  })
})

describe('A tool whose result is no JSON', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('bad-results.ts')
  })

  for (const [tool, reason] of [
    ['returns-bigint', /bigint/i],
    ['returns-cycle', /cycl|circular/i],
    ['returns-throwing-tojson', /no JSON of me/],
  ]) {
    it(`fails with ERR_OUTPUT_INVALID that gives the reason: ${tool.replaceAll('-', ' ')}.`, async () => {
      const error = await failure(manager.executeTool(tool))
      assert.equal(error.code, 'ERR_OUTPUT_INVALID')
      assert.ok(error instanceof ToolExecutionError)
      assert.match(error.message, reason)
      assert.equal(error.operation, 'decode result')
    })
  }

  it('leaves the manager usable.', async () => {
    await failure(manager.executeTool('returns-cycle'))
    assert.equal(await manager.executeTool('fine'), 'fine')
  })
})

describe('A tool that ends its process', () => {
  const bench = workbench({ shared: true })
  let manager
  before(() => {
    manager = bench.openTools('exits.ts')
  })

  for (const code of [0, 3]) {
    for (const tool of ['exits', 'exits-later']) {
      it(`fails with ERR_TOOL_EXITED and the exit code: ${tool} with ${code}.`, async () => {
        const error = await failure(manager.executeTool(tool, { code }))
        assert.equal(error.code, 'ERR_TOOL_EXITED')
        assert.ok(error instanceof ToolExecutionError)
        assert.equal(error.exitCode, code)
        assert.equal(error.signal, null)
        assert.equal(error.attempts, 1)
      })
    }
  }

  it('has what it wrote to stderr in the error.', async () => {
    const error = await failure(manager.executeTool('exits', { code: 3, says: 'I am leaving\n' }))
    assert.ok(error.stderr.includes('I am leaving'))
  })

  for (const signal of ['SIGKILL', 'SIGTERM']) {
    it(`fails with ERR_TOOL_KILLED and the signal: ${signal}.`, async () => {
      const error = await failure(manager.executeTool('kills-itself', { signal }))
      assert.equal(error.code, 'ERR_TOOL_KILLED')
      assert.equal(error.signal, signal)
      assert.equal(error.exitCode, null)
    })
  }

  it('leaves the manager usable.', async () => {
    await failure(manager.executeTool('exits', { code: 0 }))
    assert.equal(await manager.executeTool('fine'), 'fine')
  })
})

describe('What a tool does after it has answered', () => {
  const bench = workbench()

  for (const isolation of ['call', 'worker']) {
    for (const tool of ['rejects-after-the-answer', 'throws-after-the-answer', 'leaves-a-timer-open', 'exits-after-the-answer']) {
      it(`does not take the answer back (isolation ${isolation}): ${tool.replaceAll('-', ' ')}.`, async () => {
        const manager = bench.openTools('late.ts', { isolation, toolExecutionTimeout: '5s' })
        assert.equal(await manager.executeTool(tool), 'answered')
        const { calls } = manager.stats()
        assert.deepEqual({ succeeded: calls.succeeded, failed: calls.failed }, { succeeded: 1, failed: 0 })
      })
    }
  }
})
