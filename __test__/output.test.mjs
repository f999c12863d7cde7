import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { RESULT } from '../src/worker/template/protocol.mjs'
import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { ownChildren } from './support/processes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const MIB = 1024 * 1024
const RUN = { bunPermissions: ['--allow-read', '--allow-run'] }

describe('What a tool prints', () => {
  const bench = workbench()

  it('does not disturb its result: 20 mixed console calls.', async () => {
    assert.deepEqual(await bench.openTools('prints.ts').executeTool('prints-twenty-lines'), { ok: true })
  })

  it('does not disturb its result: console and raw writes at import.', async () => {
    assert.equal(await bench.openTools('prints-at-import.ts').executeTool('answers'), 42)
  })

  it('does not disturb its result: raw writes to stdout, stderr and their descriptors.', async () => {
    assert.equal(await bench.openTools('prints.ts').executeTool('prints-raw'), 'raw')
  })

  it('does not disturb its result: a child that inherits stdout.', async () => {
    assert.equal(await bench.openTools('children.ts', RUN).executeTool('child-prints'), 'parent answered')
  })

  it('cannot be taken for the answer, in whatever shape it comes.', async () => {
    assert.equal(await bench.openTools('prints.ts').executeTool('prints-a-forged-answer'), 'honest')
  })

  it('cannot be taken for the answer even on the descriptor of the channel.', async () => {
    const manager = bench.openTools('forges-on-channel.ts')
    const outcome = await manager.executeTool('forges', RESULT).catch((error) => error.code)
    // The supervisor decides whether the process may go on after frames that were not requested.
    assert.ok(['honest', 'ERR_TOOL_EXITED', 'ERR_TOOL_KILLED'].includes(outcome), String(outcome))
  })

  it('may be 5 MiB of stderr.', async () => {
    assert.equal(await bench.openTools('floods.ts').executeTool('floods-stderr', 5 * MIB), 'answered')
  })

  it('is kept up to maxStderrCaptureSize in the error, and the tool is not blocked.', async () => {
    const manager = bench.openTools('floods.ts', { maxStderrCaptureSize: 10_000 })
    const error = await failure(manager.executeTool('floods-stderr-then-throws', 5 * MIB))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.ok(error.stderr.includes('eeee'))
    assert.ok(Buffer.byteLength(error.stderr) <= 10_000, `${Buffer.byteLength(error.stderr)} bytes`)
  })

  it('is kept up to 1 MiB by default, also as a line without end.', async () => {
    const manager = bench.openTools('floods.ts')
    const error = await failure(manager.executeTool('floods-stderr-without-newline-then-throws', 5 * MIB))
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.ok(error.stderr.includes('zzzz'))
    assert.ok(Buffer.byteLength(error.stderr) <= MIB, `${Buffer.byteLength(error.stderr)} bytes`)
  })

  it('may be one line of 3 MiB, and the lines after it still arrive.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    manager.on('log', logs.add)
    assert.equal(await manager.executeTool('prints-one-long-line', 3 * MIB), 'done')
    await logs.line('after the long line')
    const length = logs.texts('stdout').reduce((sum, text) => sum + (/^x+$/.test(text) ? text.length : 0), 0)
    assert.equal(length, 3 * MIB)
  })

  it('does not block a call whose input is large while the tool prints early.', async () => {
    const manager = bench.openTools('floods.ts')
    assert.equal(await manager.executeTool('prints-while-reading-much', 'i'.repeat(4 * MIB)), 4 * MIB)
  })

  it('may come from a child that outlives the answer and keeps stdout open.', async () => {
    const manager = bench.openTools('children.ts', RUN)
    assert.equal(typeof (await manager.executeTool('answers-with-a-sleeper')), 'number')
    await manager.close()
    // The guardian, which all managers of the host share, ends a moment after the last manager.
    await until(() => ownChildren().length === 0, 'every child to end')
  })
})
