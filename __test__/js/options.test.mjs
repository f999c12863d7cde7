import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { ValidationError } from '../../js/errors.js'
import { answerTheRest, openFake, rejection, result } from './fake-native.mjs'

after(answerTheRest)

const cyclic = {}
cyclic.self = cyclic

describe('arguments that cannot cross to the core', () => {
  for (const [what, args, code, field, message] of [
    ['a tool id that is no string', [5], 'ERR_TOOL_ID_INVALID', 'toolId', /expected `toolId` to be a string, got 5 \(number\)$/],
    ['no tool id', [], 'ERR_TOOL_ID_INVALID', 'toolId', /got undefined/],
    ['a function as input', ['t', () => {}], 'ERR_INPUT_INVALID', 'input', /input cannot be written as JSON: got a function \(function\)$/],
    ['a symbol as input', ['t', Symbol('s')], 'ERR_INPUT_INVALID', 'input', /got Symbol\(s\) \(symbol\)$/],
    ['a bigint in the input', ['t', { a: 1n }], 'ERR_INPUT_INVALID', 'input', /BigInt/i],
    ['a cyclic input', ['t', cyclic], 'ERR_INPUT_INVALID', 'input', /circular|cyclic/i],
    ['an input whose toJSON throws', ['t', { toJSON() { throw new Error('no way') } }], 'ERR_INPUT_INVALID', 'input', /no way/],
    ['an input whose toJSON gives nothing', ['t', { toJSON() {} }], 'ERR_INPUT_INVALID', 'input', /toJSON/],
    ['a bigint as config', ['t', null, { config: 1n }], 'ERR_INPUT_INVALID', 'config', /BigInt/i],
    ['options that are no object', ['t', null, 'x'], 'ERR_INPUT_INVALID', 'options', /expected `options` to be an object, got "x" \(string\)$/],
    ['null options', ['t', null, null], 'ERR_INPUT_INVALID', 'options', /got null$/],
    ['an array of options', ['t', null, []], 'ERR_INPUT_INVALID', 'options', /got an array$/],
    ['a misspelt option', ['t', null, { timeOut: 5 }], 'ERR_INPUT_INVALID', 'timeOut', /unknown option "timeOut"; did you mean "timeout"\?/],
    ['an option unlike any other', ['t', null, { zzzzzzzz: 5 }], 'ERR_INPUT_INVALID', 'zzzzzzzz', /unknown option "zzzzzzzz"$/],
    ['an env that is no object', ['t', null, { env: 'A=1' }], 'ERR_ENV_INVALID', 'env', /expected `env` to be an object of strings, got a string$/],
    ['an env that is an array', ['t', null, { env: ['A=1'] }], 'ERR_ENV_INVALID', 'env', /got an array$/],
    ['an env that is a Map', ['t', null, { env: new Map([['TOKEN', 'secret']]) }], 'ERR_ENV_INVALID', 'env', /got Map \(object\)$/],
    ['an env of Headers', ['t', null, { env: new Headers({ token: 'secret' }) }], 'ERR_ENV_INVALID', 'env', /got Headers \(object\)$/],
    ['an env that is a Date', ['t', null, { env: new Date() }], 'ERR_ENV_INVALID', 'env', /got Date \(object\)$/],
    ['options that are a Map', ['t', null, new Map([['timeout', 5]])], 'ERR_INPUT_INVALID', 'options', /got Map \(object\)$/],
    ['a signal that is none', ['t', null, { signal: {} }], 'ERR_INPUT_INVALID', 'signal', /expected `signal` to be an AbortSignal, got Object \(object\)$/],
    ['an onLog that is no function', ['t', null, { onLog: true }], 'ERR_INPUT_INVALID', 'onLog', /expected `onLog` to be a function, got true \(boolean\)$/],
    ['an onProgress that is no function', ['t', null, { onProgress: {} }], 'ERR_INPUT_INVALID', 'onProgress', /got Object \(object\)$/],
    ['an execution id that is no string', ['t', null, { toolExecId: 7 }], 'ERR_INPUT_INVALID', 'toolExecId', /expected `toolExecId` to be a string, got 7 \(number\)$/],
  ]) {
    test(`${what}: ${code}`, async () => {
      const { manager, native } = openFake()
      const error = await rejection(manager.executeTool(...args))
      assert.ok(error instanceof ValidationError)
      assert.equal(error.code, code)
      assert.equal(error.field, field)
      assert.equal(error.operation, 'validate inputs')
      assert.match(error.message, message)
      assert.match(error.stack, /options\.test\.mjs/)
      assert.deepEqual(native.submitted, [])
    })
  }

  test('text in the place of an env is not repeated, it may be a secret', async () => {
    const error = await rejection(openFake().manager.executeTool('t', null, { env: 'TOKEN=secret' }))
    assert.ok(!`${error.message} ${error.hint}`.includes('secret'))
  })

  test('objects whose own entries are variables pass: the host\'s environment, class instances', () => {
    const { manager, native } = openFake()
    class Settings {
      LEVEL = '1'
    }
    manager.executeTool('t', null, { env: process.env })
    manager.executeTool('t', null, { env: new Settings() })
    manager.stats()
    assert.deepEqual(JSON.parse(native.submitted[0].env), Object.entries(process.env))
    assert.equal(native.submitted[1].env, '[["LEVEL","1"]]')
  })

  test('a timeout among the options that is none is refused even where the argument overrules it', async () => {
    const { manager, native, module } = openFake()
    module.timeoutProblem = { code: 'ERR_INPUT_INVALID', field: 'timeout', message: 'expected `timeout` to be a duration' }
    const error = await rejection(manager.executeToolWithTimeout('t', 1, '5s', { timeout: 'soon' }))
    assert.deepEqual([error.code, error.field, module.checkedTimeout, native.submitted], ['ERR_INPUT_INVALID', 'timeout', '"soon"', []])
  })

  test('an exception of the caller\'s own getter is the caller\'s own', async () => {
    const { manager } = openFake()
    const mine = new Error('mine')
    const options = { get timeout() { throw mine } }
    assert.equal(await rejection(manager.executeTool('t', null, options)), mine)
  })
})

describe('arguments as the core gets them', () => {
  test('a call without options says nothing more than it must', () => {
    const { manager, native } = openFake()
    manager.executeTool('t')
    const [{ toolExecId, ...rest }] = native.submitted
    assert.deepEqual(rest, { call: 1, toolId: 't', input: null, config: null, env: null, timeout: null, retry: null, flags: 0 })
    assert.match(toolExecId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('every option has its place; what the core judges goes undisturbed', () => {
    const { manager, native } = openFake()
    manager.executeTool('t', { a: ['ü'] }, {
      toolExecId: 'mine',
      config: { c: 1 },
      env: { A: '1', bad: 5 },
      timeout: Number.NaN,
      retry: { on: ['crash'], maxAttempts: Infinity },
      onLog() {},
      onProgress() {},
    })
    assert.deepEqual(native.submitted, [{
      call: 1,
      toolId: 't',
      toolExecId: 'mine',
      input: '{"a":["ü"]}',
      config: '{"c":1}',
      env: '[["A","1"],["bad",5]]',
      timeout: '{"$js":"number","text":"NaN"}',
      retry: '{"on":["crash"],"maxAttempts":{"$js":"number","text":"Infinity"}}',
      flags: 3,
    }])
  })

  test('options set to undefined are options not given', () => {
    const { manager, native } = openFake()
    const none = { toolExecId: undefined, config: undefined, env: undefined, timeout: undefined, signal: undefined, retry: undefined, onLog: undefined, onProgress: undefined }
    manager.executeTool('t', 1, none)
    assert.deepEqual({ ...native.submitted[0], toolExecId: '' }, { call: 1, toolId: 't', toolExecId: '', input: '1', config: null, env: null, timeout: null, retry: null, flags: 0 })
  })

  test('the timeout argument wins over the option, and a missing one is the core\'s to refuse', () => {
    const { manager, native } = openFake()
    manager.executeToolWithTimeout('t', 1, '5s', { timeout: 1 })
    manager.executeToolWithTimeout('t', 1)
    manager.stats()
    assert.deepEqual(native.submitted.map(({ timeout }) => timeout), ['"5s"', '{"$js":"undefined","text":"undefined"}'])
  })

  test('execution ids made here differ and rise with time', async () => {
    const { manager, native } = openFake()
    // More than one millisecond has numbers for.
    for (let i = 0; i < 10_000; i++) manager.executeTool('t')
    manager.stats()
    const ids = native.submitted.map(({ toolExecId }) => toolExecId)
    assert.equal(new Set(ids).size, 10_000)
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.ok(Math.abs(Number.parseInt(ids[0].replace('-', '').slice(0, 12), 16) - Date.now()) < 60_000)
  })

  test('the config argument null is given, undefined is not', async () => {
    const { manager, native } = openFake()
    manager.executeTool('t', null, { config: null })
    assert.deepEqual([native.submitted[0].input, native.submitted[0].config], ['null', 'null'])
    native.happen(...result(1, '"ok"'))
  })
})
