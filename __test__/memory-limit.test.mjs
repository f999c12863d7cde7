import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { needsLinux } from './support/needs.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

const LIMIT = 256
const OPTIONS = { maxMemoryMb: LIMIT, minWorkers: 0, toolExecutionTimeout: '60s' }

describe('maxMemoryMb', () => {
  const bench = workbench()

  /** The tool, how many MiB it tries to use, and how it is stopped. */
  const GREEDY = [
    ['strings', 1500, /used more than 256 MiB/],
    ['objects', 1500, /used more than 256 MiB/],
    ['buffers', 1500, /used more than 256 MiB/],
    ['one-buffer', 400, /used more than 256 MiB/],
    ['one-buffer', 3000, /used more than 256 MiB/],
    ['array-buffer', 3000, /used more than 256 MiB/],
    ['reserves-everything', 0, /used more than 256 MiB|got no more memory/],
  ]
  for (const [tool, mb, message] of GREEDY) {
    it(`ends a tool that wants ${mb || 'all'} MiB (${tool}).`, async () => {
      const error = await failure(bench.openTools('memory.ts', OPTIONS).executeTool(tool, { mb }))
      assert.equal(error.code, 'ERR_TOOL_OUT_OF_MEMORY', error.message)
      assert.match(error.message, message)
      assert.match(error.hint, /maxMemoryMb/)
      assert.equal(error.name, 'ToolExecutionError')
    })
  }

  it('counts what is used, not what is reserved.', async () => {
    const manager = bench.openTools('memory.ts', OPTIONS)
    assert.equal(await manager.executeTool('untouched-array-buffer', { mb: 3000 }), 3000 * 1024 * 1024)
  })

  it('lets a tool have what is below.', async () => {
    const manager = bench.openTools('memory.ts', OPTIONS)
    assert.equal(await manager.executeTool('buffers', { mb: 64 }), 8)
    assert.equal(await manager.executeTool('one-buffer', { mb: 64 }), 64 * 1024 * 1024)
  })

  it('counts the programs a tool starts.', async () => {
    const error = await failure(bench.openTools('memory.ts', { ...OPTIONS, bunPermissions: ['--allow-run'] }).executeTool('child', { mb: 1500 }))
    assert.equal(error.code, 'ERR_TOOL_OUT_OF_MEMORY', error.message)
  })

  it('lets them have what is below.', async () => {
    const manager = bench.openTools('memory.ts', { ...OPTIONS, bunPermissions: ['--allow-run', '--allow-read'] })
    assert.deepEqual(await manager.executeTool('child', { mb: 32 }), { status: 0, signal: null, stdout: '4\n' })
  })

  it('may be raised.', async () => {
    const manager = bench.openTools('memory.ts', { ...OPTIONS, maxMemoryMb: 1024 })
    assert.equal(await manager.executeTool('one-buffer', { mb: 400 }), 400 * 1024 * 1024)
  })

  it('0 is no limit.', async () => {
    const manager = bench.openTools('memory.ts', { ...OPTIONS, maxMemoryMb: 0 })
    assert.equal(await manager.executeTool('untouched-array-buffer', { mb: 3000 }), 3000 * 1024 * 1024)
  })

  it('ends the process that outgrew it, and the next call gets another.', async () => {
    const manager = bench.openTools('memory.ts', { ...OPTIONS, isolation: 'worker', maxWorkers: 1 })
    assert.equal((await failure(manager.executeTool('buffers', { mb: 1500 }))).code, 'ERR_TOOL_OUT_OF_MEMORY')
    assert.equal(await manager.executeTool('buffers', { mb: 8 }), 1)
  })

  it('is shown in the record.', async () => {
    const manager = bench.openTools('memory.ts', OPTIONS)
    const recorded = new Promise((resolve) => manager.on('execution', resolve))
    await failure(manager.executeTool('buffers', { mb: 1500 }))
    const { peakMemoryMb, code } = await recorded
    assert.equal(code, 'ERR_TOOL_OUT_OF_MEMORY')
    assert.ok(peakMemoryMb > LIMIT && peakMemoryMb < 1500, String(peakMemoryMb))
  })
})

describe('Other limits of a worker', () => {
  const bench = workbench()
  const limits = async (config) => {
    const text = await bench.openTools('limits.ts', { minWorkers: 0, ...config }).executeTool('limits')
    return Object.fromEntries(text.split('\n').slice(1).filter(Boolean).map((line) => line.split(/\s{2,}/)).map(([name, soft, hard]) => [name, [soft, hard]]))
  }

  it('leave no core dumps, and a bounded number of open files, timers and queued signals.', needsLinux, async () => {
    const found = await limits({ maxMemoryMb: LIMIT })
    // 1 and not 0: only 1 keeps the kernel from starting a program that receives the core dump.
    assert.deepEqual(found['Max core file size'], ['1', '1'])
    assert.deepEqual(found['Max open files'], ['1024', '1024'])
    assert.deepEqual(found['Max pending signals'], ['1024', '1024'])
    assert.deepEqual(found['Max msgqueue size'], ['0', '0'])
    // Runtimes reserve gigabytes of addresses that they never use: a limit on those would not limit memory, and it
    // switches Bun's compiler off.
    assert.deepEqual(found['Max data size'], ['unlimited', 'unlimited'])
  })

  it('of open files are enforced: a tool that opens too many gets an error of its own.', async () => {
    const error = await failure(bench.openTools('limits.ts', { minWorkers: 0 }).executeTool('opens-files', { count: 5000 }))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.equal(error.cause.code, 'EMFILE')
  })
})
