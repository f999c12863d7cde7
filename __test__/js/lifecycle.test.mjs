import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createConfigFunctions, isValidRuntimeType, SUPPORTED_RUNTIME_TYPES } from '../../js/config.js'
import { ConfigError } from '../../js/errors.js'
import { createManagerClass } from '../../js/manager.js'
import { closed, fakeModule, openFake, queueDrained, ready, rejection, result, tools } from './fake-native.mjs'

function thrown(act) {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('opening', () => {
  test('the core gets the folder, the config as given and what it may know of the host', () => {
    const config = { maxQueue: Infinity, bunPermissions: ['--allow-read'] }
    const { native } = openFake(Object.freeze(config))
    const { workingDir, config: given, hostDirs, path, env } = native.options
    assert.deepEqual([workingDir, given], ['/project', { maxQueue: { $js: 'number', text: 'Infinity' }, bunPermissions: ['--allow-read'] }])
    assert.ok(hostDirs.includes(process.cwd()) && hostDirs.every((dir) => typeof dir === 'string'))
    assert.deepEqual([path, env.PATH], [process.env.PATH, process.env.PATH])
  })

  for (const [what, args, field, said, hint] of [
    ['a working directory that is no string', [5], 'workingDir', 'a string, got 5 (number)'],
    ['a working directory that is a URL', [new URL('file:///project')], 'workingDir', 'a string, got URL (object)', /import\.meta\.dirname.*fileURLToPath/],
    ['a config that is no object', ['/project', 5], 'config', 'an object, got 5 (number)'],
    ['a Map as config', ['/project', new Map()], 'config', 'an object, got Map (object)'],
    ['null as config', ['/project', null], 'config', 'an object, got null'],
  ]) {
    test(`${what} is a problem of ${field}`, () => {
      const { Manager } = createManagerClass(fakeModule())
      const error = thrown(() => new Manager(...args))
      assert.ok(error instanceof ConfigError)
      assert.deepEqual([error.code, error.problems], ['ERR_CONFIG_INVALID', [{ field, message: `expected \`${field}\` to be ${said}` }]])
      assert.match(error.hint ?? '', hint ?? /^$/)
      assert.match(error.stack, /lifecycle\.test\.mjs/)
    })
  }

  test('a refusal of the core is thrown', () => {
    const module = fakeModule()
    module.openRefusal = { code: 'ERR_CONFIG_INVALID', message: 'two problems', problems: [{ field: 'a', message: 'b' }] }
    const { Manager } = createManagerClass(module)
    assert.deepEqual(thrown(() => new Manager('/project')).problems, [{ field: 'a', message: 'b' }])
  })

  test('what the core says about itself is there, and frozen', () => {
    const { manager } = openFake()
    assert.equal(manager.workingDir, '/project')
    assert.equal(manager.workerFileHash, 'ab'.repeat(32))
    assert.deepEqual(manager.enforcement, { level: 'none', landlockAbi: null, seccomp: false, memory: 'watchdog', permissions: [], readable: [], temporary: null, tools: {} })
    assert.deepEqual([manager.config.maxQueue, manager.getGlobalTimeout()], [Infinity, 60_000])
    assert.throws(() => manager.config.bunPermissions.push('--allow-all'), TypeError)
    assert.deepEqual(manager.stats(), { queued: 0 })
    assert.match(manager.metrics(), /^# TYPE/)
  })
})

describe('the builder', () => {
  test('collects fields and whole configs, the later over the earlier', () => {
    const module = fakeModule()
    const { Manager } = createManagerClass(module)
    const config = { toolExecutionTimeout: '5s', runtimeType: undefined }
    const manager = Manager.builder('/project').runtimeType('node').toolExecutionTimeout(1).config(config).maxQueue(3).build()
    assert.ok(manager instanceof Manager)
    assert.deepEqual(module.opened[0].options.config, { runtimeType: 'node', toolExecutionTimeout: '5s', maxQueue: 3 })
    assert.deepEqual(config, { toolExecutionTimeout: '5s', runtimeType: undefined })
  })

  test('refuses a config that is no object', () => {
    const { Manager } = createManagerClass(fakeModule())
    assert.equal(thrown(() => Manager.builder('/project').config(5)).code, 'ERR_CONFIG_INVALID')
  })
})

describe('config functions', () => {
  test('presets are objects of the caller\'s own', () => {
    const { defaultConfig, testConfig } = createConfigFunctions(fakeModule())
    const first = defaultConfig()
    first.bunPermissions.push('--allow-net')
    assert.deepEqual(defaultConfig().bunPermissions, ['--allow-read'])
    assert.equal(defaultConfig().maxQueue, Infinity)
    assert.equal(testConfig().preset, 'test')
  })

  test('only our own variables reach the core, and its refusal is thrown', () => {
    const module = fakeModule()
    const { configFromEnv } = createConfigFunctions(module)
    assert.deepEqual(configFromEnv({ TOOLWARDEN_MAX_QUEUE: '3', SECRET: 'x', TOOLWARDEN_SANDBOX: undefined }), { maxQueue: Infinity })
    assert.deepEqual(module.pairs, [['TOOLWARDEN_MAX_QUEUE', '3']])
    module.fromEnv = { error: { code: 'ERR_CONFIG_INVALID', message: 'm', problems: [{ field: 'TOOLWARDEN_X', message: 'unknown' }] } }
    assert.equal(thrown(() => configFromEnv({})).problems[0].field, 'TOOLWARDEN_X')
  })

  for (const [what, env, field, said] of [
    ['text', 'x', 'env', 'an object of strings, got "x" (string)'],
    ['null', null, 'env', 'an object of strings, got null'],
    ['a Map', new Map(), 'env', 'an object of strings, got Map (object)'],
    ['a number in it', { TOOLWARDEN_MAX_QUEUE: 3 }, 'TOOLWARDEN_MAX_QUEUE', 'a string, got 3 (number)'],
  ]) {
    test(`${what} as the environment is a problem of ${field}`, () => {
      const { configFromEnv } = createConfigFunctions(fakeModule())
      const error = thrown(() => configFromEnv(env))
      assert.deepEqual([error.code, error.problems], ['ERR_CONFIG_INVALID', [{ field, message: `expected \`${field}\` to be ${said}` }]])
      assert.match(error.stack, /lifecycle\.test\.mjs/)
    })
  }

  test('runtime types and where bun is looked for', () => {
    assert.deepEqual(SUPPORTED_RUNTIME_TYPES, ['bun', 'node'])
    assert.ok(Object.isFrozen(SUPPORTED_RUNTIME_TYPES))
    assert.deepEqual(['bun', 'node', 'Bun', 'deno', ''].map(isValidRuntimeType), [true, true, false, false, false])
    const module = fakeModule()
    assert.equal(createConfigFunctions(module).isBunAvailable(), true)
    assert.equal(module.askedForBun.workingDir, process.cwd())
  })
})

describe('questions', () => {
  test('ready() resolves to nothing or rejects with why', async () => {
    const { manager, native } = openFake()
    const first = manager.ready()
    native.happen(...ready(native.question))
    assert.equal(await first, undefined)
    const second = manager.ready()
    native.happen(...ready(native.question, { code: 'ERR_ENTRYPOINT_LOAD', message: 'm', operation: 'load entrypoint', stderr: 's' }))
    const error = await rejection(second)
    assert.deepEqual([error.name, error.operation, error.stderr], ['ProcessError', 'load entrypoint', 's'])
    assert.match(error.stack, /lifecycle\.test\.mjs/)
  })

  test('listTools() gives the catalogue or why there is none', async () => {
    const { manager, native } = openFake()
    const list = [{ id: 'a', description: null, inputSchema: null, outputSchema: null }]
    const first = manager.listTools()
    native.happen(...tools(native.question, list))
    assert.deepEqual(await first, list)
    const second = manager.listTools()
    native.happen(...tools(native.question, { code: 'ERR_WORKER_START', message: 'm', attempts: 3 }, true))
    assert.equal((await rejection(second)).attempts, 3)
  })

  test('what cannot be read goes to whoever waits for it, not to the event loop, and keeps nothing from others', async () => {
    const { manager, native } = openFake()
    const questions = [manager.listTools(), manager.ready()]
    const call = manager.executeTool('t')
    native.happen([8, 1, '['], [5, 2, '{"code":'], [1, 3, '{'])
    for (const waiting of [...questions, call]) assert.equal((await rejection(waiting)).name, 'SyntaxError')
    const later = manager.executeTool('t')
    native.happen([0, 4, '"fine"'])
    assert.equal(await later, 'fine')
  })

  test('the queue becoming free is an event', async () => {
    const { manager, native } = openFake()
    const heard = new Promise((resolve) => manager.once('drain', () => resolve('drained')))
    native.happen(...queueDrained())
    assert.equal(await heard, 'drained')
  })
})

describe('closing', () => {
  test('is one act however often it is asked for; a forced close overtakes', async () => {
    const { manager, native } = openFake()
    const promises = [manager.close(), manager.close(), manager.close({ force: true }), manager.close({ force: true })]
    assert.deepEqual(native.asked, ['close false', 'close true'])
    native.happen(...closed())
    assert.deepEqual(await Promise.all(promises), [undefined, undefined, undefined, undefined])
    await manager.close({ force: false })
    assert.deepEqual(native.asked, ['close false', 'close true'])
  })

  test('new calls and questions are refused, running ones still answer', async () => {
    const { manager, native } = openFake()
    const running = manager.executeTool('t')
    const closing = manager.close()
    const refused = [manager.executeTool('t', 1, { toolExecId: 'x' }), manager.ready(), manager.listTools()]
    const errors = await Promise.all(refused.map(rejection))
    assert.deepEqual(errors.map(({ code }) => code), Array.from({ length: 3 }, () => 'ERR_MANAGER_CLOSED'))
    assert.deepEqual([errors[0].toolId, errors[0].toolExecId], ['t', 'x'])
    native.happen(...result(1, '"done"'), ...closed())
    assert.equal(await running, 'done')
    await closing
  })

  test('nobody waits for ever: what the core left unanswered is rejected', async () => {
    const { manager, native } = openFake()
    const call = manager.executeTool('t')
    const question = manager.ready()
    manager.close({ force: true })
    native.happen(...closed())
    assert.deepEqual([(await rejection(call)).code, (await rejection(question)).code], ['ERR_MANAGER_CLOSED', 'ERR_MANAGER_CLOSED'])
  })

  test('await using closes', async () => {
    const { manager, native } = openFake()
    const disposing = manager[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]()
    native.happen(...closed())
    await disposing
    assert.deepEqual(native.asked, ['close false'])
  })

  test('a force that is no boolean is refused', async () => {
    const { manager, native } = openFake()
    const error = await rejection(manager.close({ force: 'yes' }))
    assert.deepEqual([error.code, error.field, native.asked], ['ERR_INPUT_INVALID', 'force', []])
    assert.equal(error.message, 'expected `force` to be a boolean, got "yes" (string)')
  })

  for (const [what, options, field, said] of [
    ['a word', 'force', 'options', /got "force" \(string\)$/],
    ['true', true, 'options', /got true \(boolean\)$/],
    ['null', null, 'options', /got null$/],
    ['a misspelt option', { forced: true }, 'forced', /unknown option "forced"; did you mean "force"\?$/],
  ]) {
    test(`${what} in the place of its options is refused instead of a patient close`, async () => {
      const { manager, native } = openFake()
      const error = await rejection(manager.close(options))
      assert.deepEqual([error.code, error.field, native.asked], ['ERR_INPUT_INVALID', field, []])
      assert.match(error.message, said)
      assert.match(error.hint, /force/)
    })
  }
})
