import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'

import * as api from '../index.js'
import { needsSandbox } from './support/needs.mjs'
import { workbench } from './support/workbench.mjs'

const require = createRequire(import.meta.url)

const EXPORTS = [
  'Manager',
  'ManagerBuilder',
  'defaultConfig',
  'testConfig',
  'developmentConfig',
  'productionConfig',
  'debugConfig',
  'configFromEnv',
  'ToolwardenError',
  'ConfigError',
  'ValidationError',
  'ProcessError',
  'ToolExecutionError',
  'SUPPORTED_RUNTIME_TYPES',
  'isValidRuntimeType',
  'isBunAvailable',
]

describe('The package', () => {
  const bench = workbench()

  for (const name of EXPORTS) {
    it(`exports ${name}.`, () => {
      assert.notEqual(api[name], undefined)
    })
  }

  it('is found by its name with import.', async () => {
    assert.equal((await import('toolwarden')).Manager, api.Manager)
  })

  it('is found by its name with require, as the same classes.', () => {
    const required = require('toolwarden')
    for (const name of EXPORTS) assert.equal(required[name], api[name], name)
  })

  it('runs a tool when it was required.', async () => {
    const { Manager } = require('toolwarden')
    const { dir } = bench.project({ tools: 'values.ts' })
    assert.equal(await bench.keep(new Manager(dir, { sandbox: 'off' })).executeTool('echo', 1), 1)
  })
})

describe('The helpers', () => {
  it('know the runtime types, as a frozen list.', () => {
    assert.deepEqual([...api.SUPPORTED_RUNTIME_TYPES].toSorted(), ['bun', 'node'])
    assert.throws(() => api.SUPPORTED_RUNTIME_TYPES.push('deno'), TypeError)
  })

  it('tell valid runtime types from others, case by case.', () => {
    for (const type of ['bun', 'node']) assert.equal(api.isValidRuntimeType(type), true)
    for (const type of ['Bun', 'NODE', 'deno', '', ' bun', undefined, null, 1, ['bun']]) assert.equal(api.isValidRuntimeType(type), false)
  })

  it('tell that Bun is available.', () => {
    assert.equal(api.isBunAvailable(), true)
  })
})

describe('The error classes', () => {
  it('descend from Error through ToolwardenError.', () => {
    for (const name of ['ConfigError', 'ValidationError', 'ProcessError', 'ToolExecutionError']) {
      assert.ok(api[name].prototype instanceof api.ToolwardenError, name)
    }
    assert.ok(api.ToolwardenError.prototype instanceof Error)
  })
})

describe('A manager', () => {
  const bench = workbench()

  it('is an EventEmitter with the members of the contract.', () => {
    const { dir } = bench.project({ tools: 'values.ts' })
    const manager = bench.open({ dir }, { toolExecutionTimeout: '90s' })
    assert.ok(manager instanceof EventEmitter)
    assert.equal(manager.workingDir, dir)
    assert.equal(manager.getGlobalTimeout(), 90_000)
    assert.equal(manager.config.toolExecutionTimeout, 90_000)
    for (const method of ['executeTool', 'executeToolWithTimeout', 'getGlobalTimeout', 'ready', 'listTools', 'stats', 'metrics', 'on', 'close']) {
      assert.equal(typeof manager[method], 'function', method)
    }
    assert.equal(typeof manager[Symbol.asyncDispose], 'function')
  })

  it('reports that nothing is enforced when the sandbox is off.', () => {
    const { enforcement } = bench.openTools('values.ts', { sandbox: 'off' })
    assert.equal(enforcement.level, 'none')
    assert.equal(enforcement.seccomp, false)
    assert.deepEqual(enforcement.permissions, [])
    assert.deepEqual(Object.keys(enforcement), ['level', 'landlockAbi', 'seccomp', 'heldBy', 'memory', 'permissions', 'readable', 'secrets', 'temporary', 'tools'])
  })

  it('lists what is in force without a sandbox: the environment, or that everything is allowed.', () => {
    const permissions = (config) => bench.openTools('values.ts', config).enforcement.permissions
    assert.deepEqual(permissions({ sandbox: 'off', bunPermissions: ['--allow-read', '--allow-env=A'] }), ['--allow-env=A'])
    assert.deepEqual(permissions({ bunPermissions: ['-A'] }), ['--allow-all'])
  })

  it('has its fields in the order of the contract.', () => {
    const contract = readFileSync(new URL('../index.d.ts', import.meta.url), 'utf8')
    const [, body] = /export interface Config \{(.*?)\n\}/s.exec(contract)
    const fields = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
    const manager = bench.openTools('values.ts')
    assert.deepEqual(Object.keys(manager.config), fields)
    assert.deepEqual(Object.keys(manager.stats()), ['workers', 'queued', 'calls', 'workerExits', 'origin'])
  })

  it('lists its permissions with absolute paths.', needsSandbox, () => {
    const project = bench.project({ tools: 'values.ts', files: { 'data/in.csv': '' } })
    const { enforcement } = bench.open(project, { bunPermissions: ['--allow-read=./data', '--allow-net'] })
    assert.ok(enforcement.permissions.includes(`--allow-read=${project.path('data')}`), enforcement.permissions.join(' '))
    assert.ok(enforcement.permissions.includes('--allow-net'))
  })

  it('cannot have its configuration changed from outside.', () => {
    const manager = bench.openTools('values.ts')
    const change = () => {
      manager.config.toolExecutionTimeout = 1
    }
    try {
      change()
    } catch (error) {
      assert.ok(error instanceof TypeError)
    }
    assert.equal(manager.getGlobalTimeout(), 60_000)
  })
})
