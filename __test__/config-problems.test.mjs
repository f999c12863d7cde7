import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'

import { ConfigError, Manager } from '../index.js'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const DURATIONS = ['backoffInitialInterval', 'backoffMaxInterval', 'backoffMaxElapsedTime', 'toolExecutionTimeout', 'gracePeriod', 'idleTimeout']
const BAD_DURATIONS = [-1, NaN, Infinity, '', 'soon', '30', '-5s', 's', '5 apples', null, true, {}, [], 10n, () => 1]

/** [field, a value that is not allowed] */
const REFUSED = [
  ...DURATIONS.flatMap((field) => BAD_DURATIONS.map((value) => [field, value])),
  ...DURATIONS.flatMap((field) => (field === 'gracePeriod' ? [] : [[field, 0], [field, '0s']])),
  ...[-1, 0o1000, 0o077, 0, 1.5, NaN, '600', null].map((value) => ['workerFilePerm', value]),
  ...['on', 'Off', true, false, null, 1].map((value) => ['sandbox', value]),
  ...[-1, 1.5, NaN, Infinity, '512', null, {}].map((value) => ['maxMemoryMb', value]),
  ...[-1, 0, 1.5, NaN, '10', null].map((value) => ['maxOutputSize', value]),
  ...[-1, 1.5, NaN, '10', null].map((value) => ['maxStderrCaptureSize', value]),
  ...[1, null, {}].map((value) => ['runtimePath', value]),
  ...[1, null, {}].map((value) => ['entrypointPath', value]),
  ...['--allow-read', null, {}, [1], [null]].map((value) => ['bunPermissions', value]),
  ...['--no-warnings', null, {}, [1]].map((value) => ['nodeOptions', value]),
  ...['process', 'Call', null, 1, true].map((value) => ['isolation', value]),
  ...[-1, 1.5, NaN, Infinity, '1', null].map((value) => ['minWorkers', value]),
  ...[0, -1, 1.5, NaN, '2', null].map((value) => ['maxWorkers', value]),
  ...[-1, 1.5, NaN, -Infinity, '5', null].map((value) => ['maxQueue', value]),
  ...[0, -1, 1.5, NaN, '5', null].map((value) => ['maxCallsPerWorker', value]),
  ...[0, -1, 1.5, NaN, '5', null].map((value) => ['concurrentCallsPerWorker', value]),
  ...[true, 'all', 1, null, { recordInputs: 'yes' }].map((value) => ['telemetry', value]),
  ...['true', 1, 0, null].map((value) => ['entrypointCache', value]),
  ...['Fork', 'forked', true, null].map((value) => ['processStart', value]),
  ...[[], 'weather', 1, null].map((value) => ['tools', value]),
]

const REFUSED_FLAGS = [
  ['--allow-raed', /--allow-read\b/],
  ['--allow-network', /--allow-net\b/],
  ['allow-read', /--allow-read\b/],
  ['--allow-net=', /--allow-net/],
  ['--allow-read=', /--allow-read/],
  ['--allow-run=,', /--allow-run/],
  ['--allow-sys', /--allow-sys/],
  ['--allow-ffi', /--allow-ffi/],
  ['--allow-import', /--allow-import/],
  ['--ignore-read', /--ignore-read/],
  ['--allow-net=unix:@x', /abstract/],
  ['--allow-net=host:99999', /99999/],
  ['--smol', /--smol/],
  ['', /permission/i],
]

/** A value as a person would write it, for the title of a test. */
const shown = (value) => {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

describe('A configuration with a problem', () => {
  const bench = workbench({ shared: true })
  const project = bench.project({ tools: 'values.ts' })
  const refusal = (config) => {
    const error = thrown(() => bench.keep(new Manager(project.dir, config)))
    assert.ok(error instanceof ConfigError)
    return error
  }
  const names = (problems, field) => problems.some((problem) => problem.field === field || problem.field.startsWith(`${field}[`) || problem.field.startsWith(`${field}.`))

  for (const [field, value] of REFUSED) {
    it(`is refused, naming the field: ${field} = ${shown(value)}.`, () => {
      const error = refusal({ [field]: value })
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.ok(names(error.problems, field), JSON.stringify(error.problems))
      assert.ok(error.message.includes(field), error.message)
    })
  }

  for (const [value, said] of [['soon', ['soon', 'string']], [-5, ['-5', 'number']], [NaN, ['NaN', 'number']], [true, ['true', 'boolean']], [() => 1, ['function']]]) {
    it(`is refused with the value and its type: ${shown(value)}.`, () => {
      const [{ message }] = refusal({ toolExecutionTimeout: value }).problems
      for (const part of said) assert.ok(message.includes(part), message)
    })
  }

  for (const runtimeType of ['Bun', 'NODE', 'deno', '', ' bun', 1, null]) {
    it(`is refused when the runtime type is ${shown(runtimeType)}.`, () => {
      const error = refusal({ runtimeType })
      assert.equal(error.code, 'ERR_RUNTIME_UNSUPPORTED')
      assert.match(error.message, /unsupported runtime type/i)
      assert.match(error.message, /bun.*node/s)
      assert.ok(names(error.problems, 'runtimeType'))
    })
  }

  for (const [flag, said] of REFUSED_FLAGS) {
    it(`is refused when it has the permission flag ${JSON.stringify(flag)}.`, () => {
      const error = refusal({ bunPermissions: ['--allow-read', flag] })
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.ok(names(error.problems, 'bunPermissions'), JSON.stringify(error.problems))
      assert.match(error.message, said)
    })
  }

  for (const [wrong, right] of [['toolTimeout', 'toolExecutionTimeout'], ['maxMemoryMB', 'maxMemoryMb'], ['sandBox', 'sandbox'], ['minWorker', 'minWorkers'], ['bunPermission', 'bunPermissions']]) {
    it(`is refused when a field is unknown, with the nearest name: ${wrong}.`, () => {
      const error = refusal({ [wrong]: 1 })
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      const [problem] = error.problems
      assert.equal(problem.field, wrong)
      if (wrong !== 'toolTimeout') assert.ok(`${problem.message} ${error.hint}`.includes(right), problem.message)
    })
  }

  it('is refused when its backoff cannot reach its maximum.', () => {
    const { problems } = refusal({ backoffInitialInterval: '10s', backoffMaxInterval: '1s' })
    assert.ok(names(problems, 'backoffMaxInterval') || names(problems, 'backoffInitialInterval'))
  })

  it('is refused when more workers must be warm than may live.', () => {
    const { problems } = refusal({ minWorkers: 5, maxWorkers: 2 })
    assert.ok(names(problems, 'minWorkers') || names(problems, 'maxWorkers'))
  })

  it('is refused with every problem at once.', () => {
    const { code, problems, message } = refusal({
      toolExecutionTimeout: 'soon',
      maxWorkers: -3,
      sandbox: 'maybe',
      bunPermissions: ['--allow-everything', '--allow-net='],
      nonsense: 1,
      runtimeType: 'deno',
    })
    assert.equal(code, 'ERR_CONFIG_INVALID')
    for (const field of ['toolExecutionTimeout', 'maxWorkers', 'sandbox', 'bunPermissions', 'nonsense', 'runtimeType']) {
      assert.ok(names(problems, field), `${field} in ${JSON.stringify(problems)}`)
      assert.ok(message.includes(field), message)
    }
    assert.ok(problems.length >= 7)
    for (const problem of problems) assert.deepEqual(Object.keys(problem).toSorted(), ['field', 'message'])
  })

  for (const config of [null, 'fast', 5, [], () => 1]) {
    it(`is refused when it is no object: ${shown(config)}.`, () => {
      assert.equal(refusal(config).code, 'ERR_CONFIG_INVALID')
    })
  }

  it('leaves no file and no process behind.', () => {
    assert.deepEqual(readdirSync(project.dir), ['tools.ts'])
  })
})

describe('A working directory', () => {
  const bench = workbench()

  for (const workingDir of ['/no/such/directory', '', 42, undefined, null, 'nul\0byte']) {
    it(`is refused when it is ${shown(workingDir) ?? 'undefined'}.`, () => {
      const error = thrown(() => bench.keep(new Manager(workingDir, { sandbox: 'off' })))
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.ok(error instanceof ConfigError)
      assert.equal(error.problems[0].field, 'workingDir')
    })
  }

  it('is refused when it is a file.', () => {
    const file = bench.project({ files: { file: '' } }).path('file')
    const error = thrown(() => bench.keep(new Manager(file, { sandbox: 'off' })))
    assert.equal(error.problems[0].field, 'workingDir')
  })
})
