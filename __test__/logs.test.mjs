import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { workbench } from './support/workbench.mjs'

describe('The log', () => {
  const bench = workbench()

  it('has every console call with its level, stream, ids and time, in order.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    const begin = Date.now()
    await manager.executeTool('prints-twenty-lines', null, { toolExecId: 'exec-1', onLog: logs.add })
    const end = Date.now()
    await logs.until((entries) => entries.length === 20, '20 entries')
    const levels = ['log', 'info', 'warn', 'error', 'debug']
    for (const [index, entry] of logs.entries.entries()) {
      assert.deepEqual(Object.keys(entry).toSorted(), ['level', 'stream', 'text', 'time', 'toolExecId', 'toolId'])
      const level = levels[index % 5]
      assert.equal(entry.level, level)
      assert.equal(entry.stream, level === 'warn' || level === 'error' ? 'stderr' : 'stdout')
      assert.match(entry.text, new RegExp(`^line ${index} \\{\\s*index: ${index},?\\s*\\}$`))
      assert.equal(entry.toolId, 'prints-twenty-lines')
      assert.equal(entry.toolExecId, 'exec-1')
      assert.ok(entry.time >= begin - 1000 && entry.time <= end + 1000, `${entry.time} in ${begin}..${end}`)
    }
  })

  it('has what console printed before the answer when the answer is there.', async () => {
    const manager = bench.openTools('prints.ts')
    const texts = []
    await manager.executeTool('prints-after-a-pause', null, { onLog: ({ text }) => texts.push(text) })
    assert.deepEqual(texts, ['printed later'])
  })

  it('reaches onLog of the call and the listeners of the manager alike.', async () => {
    const manager = bench.openTools('prints.ts')
    const [ofCall, ofManager] = [logCollector(), logCollector()]
    manager.on('log', ofManager.add)
    await manager.executeTool('prints-twenty-lines', null, { onLog: ofCall.add })
    await ofManager.until((entries) => entries.length === 20, '20 entries')
    assert.deepEqual(ofCall.entries, ofManager.entries)
  })

  it('has raw writes without a level, on their stream and with the ids of the call.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    manager.on('log', logs.add)
    await manager.executeTool('prints-raw', null, { toolExecId: 'exec-raw' })
    await logs.until((entries) => entries.length === 4, '4 entries')
    assert.deepEqual(logs.texts('stdout').toSorted(), ['descriptor out', 'raw out'])
    assert.deepEqual(logs.texts('stderr').toSorted(), ['descriptor err', 'raw err'])
    for (const { level, toolExecId } of logs.entries) assert.deepEqual({ level, toolExecId }, { level: null, toolExecId: 'exec-raw' })
  })

  it('has what was written without a newline at the end.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    manager.on('log', logs.add)
    await manager.executeTool('prints-without-newline')
    await logs.line('no newline')
  })

  it('has text also for bytes that are no UTF-8.', async () => {
    const manager = bench.openTools('prints.ts')
    const logs = logCollector()
    manager.on('log', logs.add)
    await manager.executeTool('prints-bytes-that-are-no-utf8')
    await logs.line('a\ufffd\ufffdb')
  })

  it('has what a child printed that inherited stdout and stderr.', async () => {
    const manager = bench.openTools('children.ts', { bunPermissions: ['--allow-read', '--allow-run'] })
    const logs = logCollector()
    manager.on('log', logs.add)
    await manager.executeTool('child-prints')
    assert.equal((await logs.line('from the child')).stream, 'stdout')
    assert.equal((await logs.line('errors of the child')).stream, 'stderr')
  })

  it('has what was printed at import, which belongs to no call.', async () => {
    const manager = bench.openTools('prints-at-import.ts')
    const logs = logCollector()
    manager.on('log', logs.add)
    await manager.ready()
    const entry = await logs.line('console at import')
    assert.deepEqual([entry.toolId, entry.toolExecId, entry.level, entry.stream], [null, null, 'log', 'stdout'])
    const raw = await logs.line('raw at import')
    assert.deepEqual([raw.toolId, raw.toolExecId, raw.level, raw.stream], [null, null, null, 'stderr'])
  })

  it('has all of stderr, also what is beyond maxStderrCaptureSize.', async () => {
    const manager = bench.openTools('floods.ts', { maxStderrCaptureSize: 100 })
    let bytes = 0
    const logs = logCollector()
    manager.on('log', (entry) => {
      bytes += entry.stream === 'stderr' ? entry.text.length + 1 : 0
      if (bytes >= 1024 * 1024) logs.add({ text: 'all of it' })
    })
    await manager.executeTool('floods-stderr', 1024 * 1024)
    await logs.line('all of it')
  })

  it('has the lines of 20,000 console calls in order.', async () => {
    const project = bench.project({ files: { 'tools.ts': 'export const many = (count) => { for (let i = 0; i < count; i++) console.log(i) }\n' } })
    const logs = logCollector()
    await bench.open(project).executeTool('many', 20_000, { onLog: logs.add })
    await logs.until((entries) => entries.length === 20_000, '20,000 entries')
    assert.ok(logs.entries.every(({ text }, index) => text === String(index)))
  })
})
