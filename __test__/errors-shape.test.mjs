import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import * as api from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure, thrown } from './support/outcomes.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Any value of the type. */
const text = (value) => typeof value === 'string'
const anything = () => true

const CALL = { toolId: text, toolExecId: 'exec-1', attempts: 1, timedOut: false, exitCode: null, signal: null, stderr: text }
const QUEUED = { ...CALL, operation: 'queue', attempts: 0 }
const EXECUTED = { ...CALL, operation: 'execute' }
const DECODED = { ...CALL, operation: 'decode result' }
const START = { exitCode: null, signal: null, stderr: text }
const PROBLEMS = { problems: (list) => Array.isArray(list) && list.length > 0 && list.every(({ field, message }) => text(field) && text(message)) }

const ID = { toolExecId: 'exec-1' }
const opened = (fixture, config) => (bench) => thrown(() => bench.openTools(fixture, config))
const called = (fixture, tool, input, options, config) => (bench) => failure(bench.openTools(fixture, config).executeTool(tool, input, { ...ID, ...options }))

async function queueFull(bench) {
  const manager = bench.openTools('slow.ts', { maxWorkers: 1, maxQueue: 0 })
  const logs = logCollector()
  manager.executeTool('never-settles', null, { onLog: logs.add }).catch(() => {})
  await logs.number('pid')
  return failure(manager.executeTool('pid', null, ID))
}

async function aborted(bench) {
  const control = new AbortController()
  const options = { ...ID, signal: control.signal, onLog: () => control.abort('the reason') }
  return failure(bench.openTools('slow.ts').executeTool('never-settles', null, options))
}

async function closed(bench) {
  const manager = bench.openTools('slow.ts')
  await bounded(manager.close(), 'a close')
  return failure(manager.executeTool('pid', null, ID))
}

async function neverStarts(bench) {
  const project = bench.project({ tools: 'values.ts' })
  const config = { sandbox: 'off', runtimePath: project.fakeRuntime('always-fails.sh'), minWorkers: 0 }
  return failure(bench.open(project, config).executeTool('echo', 1, { ...ID, retry: { maxAttempts: 1 } }))
}

/** [code, class, the action that causes it, its fields, whether it has a hint] */
const ROWS = [
  ['ERR_CONFIG_INVALID', 'ConfigError', opened('values.ts', { maxWorkers: -1 }), PROBLEMS],
  ['ERR_RUNTIME_UNSUPPORTED', 'ConfigError', opened('values.ts', { runtimeType: 'deno' }), PROBLEMS],
  ['ERR_ENTRYPOINT_NOT_FOUND', 'ConfigError', opened('values.ts', { entrypointPath: 'no.ts' }), PROBLEMS, true],
  ['ERR_RUNTIME_NOT_FOUND', 'ProcessError', opened('values.ts', { runtimePath: '/no/bun' }), { ...START, operation: 'find runtime', attempts: Number.isInteger }, true],
  ['ERR_ENTRYPOINT_LOAD', 'ProcessError', called('throws-at-import.ts', 'any'), { ...START, exitCode: anything, signal: anything, operation: 'load entrypoint', attempts: 1, cause: ({ name }) => name === 'RangeError' }],
  ['ERR_WORKER_START', 'ProcessError', neverStarts, { ...START, exitCode: 7, operation: 'start worker', attempts: 1 }, true],
  ['ERR_TOOL_ID_INVALID', 'ValidationError', called('values.ts', '../x'), { operation: 'validate inputs', field: 'toolId' }],
  ['ERR_ENV_INVALID', 'ValidationError', called('values.ts', 'echo', 1, { env: { lowercase_var: 'x' } }), { operation: 'validate inputs', field: 'env.lowercase_var' }],
  ['ERR_INPUT_INVALID', 'ValidationError', called('values.ts', 'echo', 10n), { operation: 'validate inputs', field: 'input' }],
  ['ERR_TOOL_NOT_FOUND', 'ToolExecutionError', called('values.ts', 'no-such-tool'), { ...CALL, operation: text, attempts: Number.isInteger }],
  ['ERR_TOOL_THREW', 'ToolExecutionError', called('throws.ts', 'throws-error'), { ...EXECUTED, toolId: 'throws-error', cause: ({ name, message, stack }) => text(name) && text(message) && text(stack) }],
  ['ERR_TOOL_TIMEOUT', 'ToolExecutionError', called('slow.ts', 'never-settles', null, { timeout: 50 }), { ...EXECUTED, timedOut: true, exitCode: anything, signal: anything }, true],
  ['ABORT_ERR', 'AbortError', aborted, { cause: 'the reason' }],
  ['ERR_TOOL_EXITED', 'ToolExecutionError', called('exits.ts', 'exits', { code: 3 }), { ...EXECUTED, exitCode: 3 }, true],
  ['ERR_TOOL_KILLED', 'ToolExecutionError', called('exits.ts', 'kills-itself', { signal: 'SIGSEGV' }), { ...EXECUTED, signal: 'SIGSEGV' }],
  ['ERR_OUTPUT_TOO_LARGE', 'ToolExecutionError', called('bad-results.ts', 'returns-text-of-length', 999, {}, { maxOutputSize: 99 }), DECODED, true],
  ['ERR_OUTPUT_INVALID', 'ToolExecutionError', called('bad-results.ts', 'returns-bigint'), DECODED],
  ['ERR_QUEUE_FULL', 'ToolExecutionError', queueFull, QUEUED, true],
  ['ERR_MANAGER_CLOSED', 'ToolExecutionError', closed, QUEUED],
]

describe('Every error', () => {
  const bench = workbench()

  for (const [code, className, provoke, fields, hinted = false] of ROWS) {
    it(`${code} has its class, its fields${hinted ? ', a hint' : ''} and the stack of its caller.`, async () => {
      const error = await provoke(bench)
      assert.equal(error.code, code)
      assert.ok(error instanceof Error)
      assert.ok(error instanceof api.ToolwardenError)
      // AbortError is a name that callers know from the platform; this package has no class for it.
      if (className !== 'AbortError') assert.ok(error instanceof api[className])
      assert.equal(error.name, className)
      assert.ok(text(error.message) && error.message.length > 0)
      for (const [field, expected] of Object.entries(fields)) {
        if (typeof expected === 'function') assert.ok(expected(error[field]), `${field} = ${String(error[field])}`)
        else assert.deepEqual(error[field], expected, field)
        assert.notEqual(error[field], undefined, field)
      }
      if (hinted) assert.ok(text(error.hint) && error.hint.length > 0, 'a hint')
      else assert.ok(error.hint === undefined || (text(error.hint) && error.hint.length > 0), String(error.hint))
      assert.ok(!error.message.includes(error.hint ?? '\0'), 'the hint is kept apart from the message')
      assert.match(error.stack, /errors-shape\.test\.mjs/)
      assert.ok(error.stack.includes(error.message.split('\n')[0]))
    })
  }
})
