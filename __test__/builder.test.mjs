import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { ConfigError, defaultConfig, Manager, ManagerBuilder, testConfig } from '../index.js'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** A value for every field, none of them its default. */
const VALUES = {
  backoffInitialInterval: 20,
  backoffMaxInterval: 2000,
  backoffMaxElapsedTime: 20_000,
  workerFilePerm: 0o640,
  sandbox: 'off',
  toolExecutionTimeout: 20_000,
  gracePeriod: 200,
  maxMemoryMb: 1024,
  maxOutputSize: 12_345,
  maxStderrCaptureSize: 2345,
  runtimeType: 'bun',
  bunPermissions: ['--allow-read', '--allow-net'],
  nodeOptions: [],
  isolation: 'worker',
  minWorkers: 2,
  maxWorkers: 3,
  maxQueue: 7,
  idleTimeout: 5000,
  maxCallsPerWorker: 9,
  concurrentCallsPerWorker: 2,
  telemetry: { recordInputs: true, recordOutputs: true },
  entrypointCache: false,
  processStart: 'auto',
  tools: { echo: { bunPermissions: [] } },
}

describe('The builder', () => {
  const bench = workbench()

  it('has a method for every field of the configuration.', () => {
    const builder = Manager.builder(bench.project().dir)
    assert.ok(builder instanceof ManagerBuilder)
    for (const field of [...Object.keys(defaultConfig()), 'config', 'build']) assert.equal(typeof builder[field], 'function', field)
  })

  it('sets each field, and each method gives the builder back.', () => {
    const builder = Manager.builder(bench.project({ tools: 'values.ts' }).dir)
    for (const [field, value] of Object.entries(VALUES)) assert.equal(builder[field](value), builder, field)
    assert.equal(builder.entrypointPath('./tools.ts'), builder)
    const { config } = bench.keep(builder.build())
    for (const [field, value] of Object.entries(VALUES)) assert.deepEqual(config[field], value, field)
  })

  it('builds a manager that works.', async () => {
    const { dir } = bench.project({ tools: 'values.ts' })
    const manager = bench.keep(Manager.builder(dir).sandbox('off').toolExecutionTimeout('10s').build())
    assert.ok(manager instanceof Manager)
    assert.equal(manager.workingDir, dir)
    assert.equal(manager.getGlobalTimeout(), 10_000)
    assert.equal(await manager.executeTool('echo', 1), 1)
  })

  it('merges a configuration over what was set so far, and what is set later wins.', () => {
    const { dir } = bench.project({ tools: 'values.ts' })
    const builder = Manager.builder(dir).maxQueue(1).minWorkers(0).toolExecutionTimeout('1s')
    const { config } = bench.keep(builder.config({ maxQueue: 2, toolExecutionTimeout: '2s', sandbox: 'off' }).toolExecutionTimeout('3s').build())
    assert.deepEqual([config.maxQueue, config.minWorkers, config.toolExecutionTimeout], [2, 0, 3000])
  })

  it('takes a whole preset.', () => {
    const { dir } = bench.project({ tools: 'values.ts' })
    assert.equal(bench.keep(Manager.builder(dir).config(testConfig()).sandbox('off').build()).getGlobalTimeout(), 5000)
  })

  it('never changes what it was given.', () => {
    const given = { maxQueue: 2, bunPermissions: ['--allow-read'] }
    const { dir } = bench.project({ tools: 'values.ts' })
    bench.keep(Manager.builder(dir).config(given).maxQueue(5).bunPermissions(['--allow-all']).sandbox('off').build())
    assert.deepEqual(given, { maxQueue: 2, bunPermissions: ['--allow-read'] })
  })

  it('validates when it builds, not before, and tells every problem.', () => {
    const builder = Manager.builder(bench.project({ tools: 'values.ts' }).dir).maxWorkers(-1).isolation('none').config({ nonsense: 1 })
    const error = thrown(() => bench.keep(builder.build()))
    assert.ok(error instanceof ConfigError)
    for (const field of ['maxWorkers', 'isolation', 'nonsense']) {
      assert.ok(error.problems.some((problem) => problem.field === field), JSON.stringify(error.problems))
    }
  })

  it('may build more than one manager.', async () => {
    const builder = Manager.builder(bench.project({ tools: 'values.ts' }).dir).sandbox('off')
    const [one, two] = [bench.keep(builder.build()), bench.keep(builder.build())]
    assert.notEqual(one, two)
    await one.close()
    assert.equal(await two.executeTool('echo', 2), 2)
  })
})
