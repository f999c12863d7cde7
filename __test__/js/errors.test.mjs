import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import * as errors from '../../js/errors.js'
import { captureSite } from '../../js/call-site.js'

const { errorFrom, ConfigError, ProcessError, ToolExecutionError, ToolwardenError, ValidationError } = errors

const CLASSES = {
  ERR_CONFIG_INVALID: ConfigError,
  ERR_RUNTIME_UNSUPPORTED: ConfigError,
  ERR_SANDBOX_UNAVAILABLE: ConfigError,
  ERR_ENTRYPOINT_NOT_FOUND: ConfigError,
  ERR_RUNTIME_NOT_FOUND: ProcessError,
  ERR_ENTRYPOINT_LOAD: ProcessError,
  ERR_WORKER_START: ProcessError,
  ERR_TOOL_ID_INVALID: ValidationError,
  ERR_ENV_INVALID: ValidationError,
  ERR_INPUT_INVALID: ValidationError,
  ERR_TOOL_NOT_FOUND: ToolExecutionError,
  ERR_TOOL_THREW: ToolExecutionError,
  ERR_ACCESS_DENIED: ToolExecutionError,
  ERR_TOOL_TIMEOUT: ToolExecutionError,
  ABORT_ERR: ToolExecutionError,
  ERR_TOOL_EXITED: ToolExecutionError,
  ERR_TOOL_KILLED: ToolExecutionError,
  ERR_TOOL_OUT_OF_MEMORY: ToolExecutionError,
  ERR_OUTPUT_TOO_LARGE: ToolExecutionError,
  ERR_OUTPUT_INVALID: ToolExecutionError,
  ERR_QUEUE_FULL: ToolExecutionError,
  ERR_MANAGER_CLOSED: ToolExecutionError,
}

function callerOfTheTool(data, call) {
  // Not returned directly: Bun's engine leaves a function that ends in a call out of the stack.
  const made = []
  ;(function publicFunction() {
    made.push(errorFrom(data, captureSite(publicFunction), call))
  })()
  return made[0]
}

const FAULTS = {
  call: ['ERR_TOOL_ID_INVALID', 'ERR_ENV_INVALID', 'ERR_INPUT_INVALID', 'ERR_TOOL_NOT_FOUND', 'ABORT_ERR'],
  host: [
    'ERR_CONFIG_INVALID',
    'ERR_RUNTIME_UNSUPPORTED',
    'ERR_RUNTIME_NOT_FOUND',
    'ERR_SANDBOX_UNAVAILABLE',
    'ERR_ENTRYPOINT_NOT_FOUND',
    'ERR_ENTRYPOINT_LOAD',
    'ERR_WORKER_START',
    'ERR_QUEUE_FULL',
    'ERR_MANAGER_CLOSED',
  ],
}
const faultOf = (code) => Object.entries(FAULTS).find(([, codes]) => codes.includes(code))?.[0] ?? 'tool'

describe('errors of the core', () => {
  for (const [code, Class] of Object.entries(CLASSES)) {
    test(`${code} is a ${Class.name}`, () => {
      const error = callerOfTheTool({ code, message: 'what happened' })
      assert.equal(Object.getPrototypeOf(error), Class.prototype)
      assert.ok(error instanceof ToolwardenError && error instanceof Error)
      assert.equal(error.code, code)
      assert.equal(error.fault, faultOf(code))
      assert.equal(error.message, 'what happened')
      assert.equal(error.name, code === 'ABORT_ERR' ? 'AbortError' : Class.name)
    })
  }

  test('a failed call has every field of its class, with null or nothing where there is nothing to say', () => {
    const error = callerOfTheTool({ code: 'ERR_TOOL_EXITED', message: 'm', hint: null, toolId: 't', toolExecId: 'x', attempts: 2, exitCode: 3 })
    const { code, toolId, toolExecId, operation, attempts, timedOut, exitCode, signal, stderr } = error
    assert.deepEqual(
      { code, toolId, toolExecId, operation, attempts, timedOut, exitCode, signal, stderr },
      { code: 'ERR_TOOL_EXITED', toolId: 't', toolExecId: 'x', operation: 'execute', attempts: 2, timedOut: false, exitCode: 3, signal: null, stderr: '' },
    )
    for (const absent of ['hint', 'issues', 'permission', 'resource', 'cause']) assert.equal(absent in error, false, absent)
  })

  test('a denied access says what was refused and what would allow it', () => {
    const error = callerOfTheTool({ code: 'ERR_ACCESS_DENIED', message: 'm', hint: 'Add --allow-read=/a.', permission: 'read', resource: '/a' })
    assert.deepEqual([error.hint, error.permission, error.resource], ['Add --allow-read=/a.', 'read', '/a'])
  })

  test('validation and configuration errors name the field', () => {
    const issues = [{ path: '/a', message: 'too long' }]
    const invalid = callerOfTheTool({ code: 'ERR_INPUT_INVALID', message: 'm', operation: 'validate inputs', field: 'input', issues })
    assert.deepEqual([invalid.operation, invalid.field, invalid.issues], ['validate inputs', 'input', issues])
    const problems = [{ field: 'maxWorkers', message: 'must be >= 1' }]
    assert.deepEqual(callerOfTheTool({ code: 'ERR_CONFIG_INVALID', message: 'm', problems }).problems, problems)
  })

  test('the stack is the caller\'s, without frames of this package; the tool\'s own stays in the cause', () => {
    const cause = { name: 'TypeError', message: 'x', stack: 'TypeError: x\n    at tool (tools.ts:3:9)', code: 'E_X', extra: 1 }
    const error = callerOfTheTool({ code: 'ERR_TOOL_THREW', message: 'tool failed', cause })
    const [first, ...frames] = error.stack.split('\n')
    assert.equal(first, 'ToolExecutionError: tool failed')
    assert.match(frames[0], /callerOfTheTool.*errors\.test\.mjs/)
    assert.ok(!error.stack.includes('publicFunction') && !error.stack.includes('/js/errors.js'), error.stack)
    assert.deepEqual(error.cause, cause)
  })

  test('a cancelled call is an AbortError whose cause is the reason of the signal', () => {
    const reason = new Error('enough')
    const error = callerOfTheTool({ code: 'ABORT_ERR', message: 'cancelled' }, { signal: AbortSignal.abort(reason) })
    assert.equal(error.cause, reason)
    assert.match(error.stack, /^AbortError: cancelled\n/)
  })
})

describe('instanceof', () => {
  test('tells the classes apart and refuses everything else', () => {
    const error = callerOfTheTool({ code: 'ERR_TOOL_THREW', message: 'm' })
    for (const Other of [ConfigError, ValidationError, ProcessError]) assert.equal(error instanceof Other, false)
    for (const other of [null, undefined, 1, 'x', {}, new Error('x')]) assert.equal(other instanceof ToolwardenError, false)
  })

  test('holds for the errors of another copy of the package', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'toolwarden-copy-'))
    const file = join(folder, 'errors.mjs')
    copyFileSync(new URL('../../js/errors.js', import.meta.url), file)
    const copy = await import(pathToFileURL(file).href)
    rmSync(folder, { recursive: true })
    assert.notEqual(copy.ToolExecutionError, ToolExecutionError)
    const foreign = copy.errorFrom({ code: 'ERR_TOOL_THREW', message: 'm' }, {})
    assert.ok(foreign instanceof ToolExecutionError && foreign instanceof ToolwardenError)
    assert.equal(foreign instanceof ConfigError, false)
  })

  test('of a class a user derives means that class', () => {
    class Mine extends ToolExecutionError {}
    assert.ok(new Mine('x') instanceof Mine)
    assert.ok(new Mine('x') instanceof ToolExecutionError)
    assert.equal(new ToolExecutionError('x') instanceof Mine, false)
  })
})
