import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { configFromEnv, ConfigError, debugConfig, defaultConfig, developmentConfig, Manager, productionConfig, testConfig } from '../index.js'
import { needsSandbox } from './support/needs.mjs'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const MIB = 1024 * 1024

const DEFAULTS = {
  backoffInitialInterval: 100,
  backoffMaxInterval: 5000,
  backoffMaxElapsedTime: 30_000,
  workerFilePerm: 0o600,
  sandbox: 'required',
  toolExecutionTimeout: 60_000,
  gracePeriod: 1000,
  maxMemoryMb: 2048,
  maxOutputSize: 10 * MIB,
  maxStderrCaptureSize: MIB,
  runtimeType: 'bun',
  bunPermissions: ['--allow-read'],
  nodeOptions: [],
  isolation: 'call',
  minWorkers: 1,
  maxQueue: Infinity,
  idleTimeout: 30_000,
  maxCallsPerWorker: Infinity,
  concurrentCallsPerWorker: 1,
  processStart: 'spawn',
  learn: false,
}

const EVERY_FIELD = [...Object.keys(DEFAULTS), 'runtimePath', 'entrypointPath', 'maxWorkers', 'telemetry', 'entrypointCache', 'tools'].toSorted()

const permissionKinds = (flags) => flags.map((flag) => flag.replace(/=.*/, '')).toSorted()

describe('The default configuration', () => {
  for (const [field, value] of Object.entries(DEFAULTS)) {
    it(`has ${field} = ${JSON.stringify(value) ?? String(value)}.`, () => {
      assert.deepEqual(defaultConfig()[field], value)
    })
  }

  it('has every field, and at least two workers.', () => {
    assert.deepEqual(Object.keys(defaultConfig()).toSorted(), EVERY_FIELD)
    assert.ok(defaultConfig().maxWorkers >= 2)
  })

  it('is a new object each time.', () => {
    defaultConfig().bunPermissions.push('--allow-all')
    assert.deepEqual(defaultConfig().bunPermissions, ['--allow-read'])
  })
})

describe('The presets', () => {
  const bench = workbench()

  it('for tests: 10 ms, 100 ms, 1 s, 0600, 5 s, 512 MiB.', () => {
    const { backoffInitialInterval, backoffMaxInterval, backoffMaxElapsedTime, workerFilePerm, toolExecutionTimeout, maxMemoryMb } = testConfig()
    assert.deepEqual(
      [backoffInitialInterval, backoffMaxInterval, backoffMaxElapsedTime, workerFilePerm, toolExecutionTimeout, maxMemoryMb],
      [10, 100, 1000, 0o600, 5000, 512],
    )
  })

  it('for development: 120 s, reading, writing and net.', () => {
    assert.equal(developmentConfig().toolExecutionTimeout, 120_000)
    assert.deepEqual(permissionKinds(developmentConfig().bunPermissions), ['--allow-net', '--allow-read', '--allow-write'])
  })

  it('for production: 30 s, reading only, retries for 15 s.', () => {
    assert.equal(productionConfig().toolExecutionTimeout, 30_000)
    assert.equal(productionConfig().backoffMaxElapsedTime, 15_000)
    assert.deepEqual(productionConfig().bunPermissions, ['--allow-read'])
  })

  it('for debugging: 300 s, retries for 60 s, reading, writing and net.', () => {
    assert.equal(debugConfig().toolExecutionTimeout, 300_000)
    assert.equal(debugConfig().backoffMaxElapsedTime, 60_000)
    assert.deepEqual(permissionKinds(debugConfig().bunPermissions), ['--allow-net', '--allow-read', '--allow-write'])
  })

  for (const preset of [defaultConfig, testConfig, developmentConfig, productionConfig, debugConfig]) {
    it(`have every field, require the sandbox and make a manager: ${preset.name}.`, () => {
      assert.deepEqual(Object.keys(preset()).toSorted(), EVERY_FIELD)
      assert.equal(preset().sandbox, 'required')
      const { config } = bench.openTools('values.ts', { ...preset(), minWorkers: 0, sandbox: 'off' })
      assert.equal(config.toolExecutionTimeout, preset().toolExecutionTimeout)
    })
  }
})

describe('A partial configuration', () => {
  const bench = workbench()

  it('overrides the fields that it sets and leaves the defaults of the others.', () => {
    const { config } = bench.openTools('values.ts', { toolExecutionTimeout: '2m', maxQueue: 5, gracePeriod: 0 })
    assert.deepEqual(config, { ...defaultConfig(), ...config, toolExecutionTimeout: 120_000, maxQueue: 5, gracePeriod: 0 })
    for (const field of ['backoffInitialInterval', 'maxMemoryMb', 'isolation', 'minWorkers']) assert.equal(config[field], DEFAULTS[field])
  })

  it('may have fields that are undefined.', () => {
    const { config } = bench.openTools('values.ts', { toolExecutionTimeout: undefined, bunPermissions: undefined })
    assert.equal(config.toolExecutionTimeout, 60_000)
    assert.deepEqual(config.bunPermissions, ['--allow-read'])
  })

  it('is never changed, and later changes to it change nothing.', () => {
    const bunPermissions = ['--allow-read']
    const given = { toolExecutionTimeout: '30s', sandbox: 'off', bunPermissions }
    const copy = structuredClone(given)
    const manager = bench.openTools('values.ts', given)
    assert.deepEqual(given, copy)
    bunPermissions.push('--allow-net')
    given.toolExecutionTimeout = '1s'
    assert.deepEqual(manager.config.bunPermissions, ['--allow-read'])
    assert.equal(manager.getGlobalTimeout(), 30_000)
  })

  it('may be frozen.', async () => {
    const given = Object.freeze({ bunPermissions: Object.freeze(['--allow-read']), telemetry: Object.freeze({}) })
    assert.equal(await bench.openTools('values.ts', given).executeTool('echo', 1), 1)
  })

  it('may be a whole resolved one.', async () => {
    const manager = bench.openTools('values.ts', { ...testConfig(), sandbox: 'off' })
    assert.equal(manager.getGlobalTimeout(), 5000)
    assert.equal(await manager.executeTool('echo', 1), 1)
  })

  it('takes durations as numbers and in units.', () => {
    for (const [given, milliseconds] of [[1500, 1500], ['250ms', 250], ['30s', 30_000], ['2m', 120_000], ['1h', 3_600_000], ['1m30s', 90_000]]) {
      assert.equal(bench.openTools('values.ts', { toolExecutionTimeout: given, minWorkers: 0 }).getGlobalTimeout(), milliseconds)
    }
  })

  it('makes at least as many workers possible as it wants warm.', () => {
    assert.ok(bench.openTools('values.ts', { minWorkers: 3 }).config.maxWorkers >= 3)
  })
})

describe('A configuration from the environment', () => {
  const bench = workbench()
  const resolved = (env) => bench.openTools('values.ts', { minWorkers: 0, ...configFromEnv(env) }).config

  for (const [name, text, field, value] of [
    ['TOOL_EXECUTION_TIMEOUT', '30s', 'toolExecutionTimeout', 30_000],
    ['TOOL_EXECUTION_TIMEOUT', '1500', 'toolExecutionTimeout', 1500],
    ['BACKOFF_INITIAL_INTERVAL', '20ms', 'backoffInitialInterval', 20],
    ['MAX_MEMORY_MB', '256', 'maxMemoryMb', 256],
    ['MAX_QUEUE', '12', 'maxQueue', 12],
    ['MAX_QUEUE', 'Infinity', 'maxQueue', Infinity],
    ['ISOLATION', 'worker', 'isolation', 'worker'],
    ['ENTRYPOINT_CACHE', 'false', 'entrypointCache', false],
    ['LEARN', '1', 'learn', true],
    ['TOOLS', '{"echo":{"maxMemoryMb":64}}', 'tools', { echo: { maxMemoryMb: 64 } }],
    ['ENTRYPOINT_PATH', './tools.ts', null, null],
    ['BUN_PERMISSIONS', '--allow-read=a,b,--allow-net', 'bunPermissions', ['--allow-read=a,b', '--allow-net']],
    ['BUN_PERMISSIONS', '["--allow-read=a,-b","--allow-net"]', 'bunPermissions', ['--allow-read=a,-b', '--allow-net']],
    ['BUN_PERMISSIONS', '--allow-read', 'bunPermissions', ['--allow-read']],
  ]) {
    it(`takes TOOLWARDEN_${name}=${text}.`, name === 'LEARN' ? needsSandbox : {}, () => {
      const env = { [`TOOLWARDEN_${name}`]: text }
      if (field === 'bunPermissions') assert.deepEqual(configFromEnv(env), { bunPermissions: value })
      else if (field === null) assert.deepEqual(configFromEnv(env), { entrypointPath: text })
      else assert.deepEqual(resolved(env)[field], value)
    })
  }

  it('leaves out what is unset, empty, not its own or a mark of a running tool.', () => {
    const env = { TOOLWARDEN_MAX_QUEUE: '', TOOLWARDEN_ISOLATION: undefined, MAX_WORKERS: '3', PATH: '/bin' }
    assert.deepEqual(configFromEnv(env), {})
    assert.deepEqual(configFromEnv({ TOOLWARDEN: '1', TOOLWARDEN_PROJECT_ROOT: '/', TOOLWARDEN_TOOL_EXEC_ID: 'x' }), {})
  })

  it('reads process.env when nothing is given.', () => {
    process.env.TOOLWARDEN_MAX_QUEUE = '77'
    try {
      assert.equal(Number(configFromEnv().maxQueue), 77)
    } finally {
      delete process.env.TOOLWARDEN_MAX_QUEUE
    }
  })

  for (const [name, text] of [['MAX_WORKERS', 'many'], ['TOOL_EXECUTION_TIMEOUT', 'soon'], ['ENTRYPOINT_CACHE', 'maybe'], ['BUN_PERMISSIONS', '["--allow-read"']]) {
    it(`is refused with TOOLWARDEN_${name}=${text}.`, () => {
      const project = bench.project({ tools: 'values.ts' })
      const error = thrown(() => bench.keep(new Manager(project.dir, configFromEnv({ [`TOOLWARDEN_${name}`]: text }))))
      assert.ok(error instanceof ConfigError)
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
    })
  }
})
