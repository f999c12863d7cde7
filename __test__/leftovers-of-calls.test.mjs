import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { logCollector } from './support/logs.mjs'
import { failure } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { workbench } from './support/workbench.mjs'

/**
 * Call "leaves" answers at once and leaves something behind that fails as soon as the file `go` exists, which is while
 * call "waits" runs. Each kind causes an uncaught error in another way.
 */
const LEFTOVERS = {
  'a timer that throws': "setTimeout(() => { throw new Error('left behind') })",
  'an interval that throws': "const timer = setInterval(() => { clearInterval(timer); throw new Error('left behind') })",
  'setImmediate that throws': "setImmediate(() => { throw new Error('left behind') })",
  'nextTick that throws': "process.nextTick(() => { throw new Error('left behind') })",
  'a microtask that throws': "queueMicrotask(() => { throw new Error('left behind') })",
  'a callback of fs that throws': "fs.readFile('tools.mjs', () => { throw new Error('left behind') })",
  'an emitter without a listener': "setTimeout(() => new EventEmitter().emit('error', new Error('left behind')))",
  'a rejected promise': "Promise.reject(new Error('left behind'))",
  'an async function that throws': "(async () => { await 1; throw new Error('left behind') })()",
  'an async function that throws later': "(async () => { await new Promise((resolve) => setTimeout(resolve, 2)); throw new Error('left behind') })()",
  'a promise of fs that fails': "fs.promises.readFile('left behind')",
  'a value that is no error': "Promise.reject('left behind')",
}

const tools = `
  import fs from 'node:fs'
  import { EventEmitter } from 'node:events'
  const there = async (file) => { while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 2)) }
  const kinds = {
    ${Object.entries(LEFTOVERS).map(([name, code]) => `${JSON.stringify(name)}: () => { ${code} }`).join(',\n    ')}
  }
  const leave = async (kind, dir) => { await there(dir + '/go'); console.log('late line'); kinds[kind](); setTimeout(() => fs.writeFileSync(dir + '/gone', ''), 20) }
  export const leaves = ({ kind, dir }) => { void leave(kind, dir); return 'answered' }
  export const waits = async ({ dir }) => { console.log('own line'); fs.writeFileSync(dir + '/go', ''); await there(dir + '/gone'); console.log('last line'); return 'fine' }
  // Fails in the same ways during its own call.
  export const fails = ({ kind }) => { kinds[kind](); return new Promise(() => {}) }
`

describe('What a call leaves behind in isolation "worker"', () => {
  const bench = workbench()
  for (const { name, config } of RUNTIMES) {
    const open = (project, more) =>
      bench.open(project, { ...config, sandbox: 'off', isolation: 'worker', minWorkers: 1, maxWorkers: 1, entrypointPath: './tools.mjs', ...more })

    for (const concurrentCallsPerWorker of [1, 2]) {
      for (const kind of Object.keys(LEFTOVERS)) {
        it(`${kind} fails no other call, and is a line of the log (${name}, ${concurrentCallsPerWorker} at once).`, async () => {
          const project = bench.project({ files: { 'tools.mjs': tools } })
          const manager = open(project, { concurrentCallsPerWorker })
          const all = logCollector()
          manager.on('log', all.add)
          const [ofLeaver, ofOther] = [logCollector(), logCollector()]
          const input = { kind, dir: project.dir }
          assert.equal(await manager.executeTool('leaves', input, { onLog: ofLeaver.add }), 'answered')
          assert.equal(await manager.executeTool('waits', input, { onLog: ofOther.add }), 'fine')
          assert.deepEqual(ofOther.texts(), ['own line', 'last line'])
          assert.deepEqual(ofLeaver.texts(), [])
          await all.until((entries) => entries.some(({ text }) => text.includes('left behind')), 'the error to be logged')
          const line = (wanted) => all.entries.find(({ text }) => text.includes(wanted))
          for (const wanted of ['late line', 'left behind']) assert.equal(line(wanted).toolExecId, null, wanted)
          assert.match(line('left behind').text, /^(uncaught exception|unhandled rejection): /)
          assert.equal(line('left behind').level, 'error')
          assert.ok(line('own line').toolExecId)
          // The process goes on serving calls.
          assert.equal(manager.stats().workers.idle, 1)
        })
      }
    }

    it(`a rejection that is all there was left of a call fails no other one (${name}).`, async () => {
      const own = `
        import fs from 'node:fs'
        export const leaves = () => { setTimeout(() => Promise.reject(new Error('left behind')), 30); return 'answered' }
        export const waits = async () => { await new Promise((resolve) => setTimeout(resolve, 200)); return 'fine' }
      `
      const manager = open(bench.project({ files: { 'tools.mjs': own } }))
      const all = logCollector()
      manager.on('log', all.add)
      await manager.executeTool('leaves')
      assert.equal(await manager.executeTool('waits'), 'fine')
      assert.equal((await all.line(/left behind/)).toolExecId, null)
    })

    it(`a rejection fails its call in a process that had time to collect what was answered before (${name}).`, async () => {
      const own = `
        export const answers = () => 'answered'
        export const rejects = () => { setInterval(() => Promise.reject(new Error('its own')), 10); globalThis.Bun?.gc(true); return new Promise(() => {}) }
      `
      const manager = open(bench.project({ files: { 'tools.mjs': own } }))
      for (let n = 0; n < 3; n++) await manager.executeTool('answers')
      assert.match((await failure(manager.executeTool('rejects'))).message, /its own/)
    })

    const stuck = {
      'an async function that nobody awaits': "new Promise((resolve) => { (async () => { await 1; throw new Error('its own') })().then(resolve) })",
      'a callback that rejects later': "new Promise(() => { setTimeout(() => Promise.reject(new Error('its own')), 20) })",
      'a generator': "(async function* () { yield 1; await new Promise(() => { Promise.reject(new Error('its own')) }) })()",
      ...(name === 'Bun' ? { 'a microtask that throws': "new Promise(() => { queueMicrotask(() => { throw new Error('its own') }) })" } : {}),
    }
    for (const [kind, returned] of Object.entries(stuck)) {
      it(`a call that nothing can answer any more fails with what its code left to nobody, also while an answered call is still at it: ${kind} (${name}).`, async () => {
        const own = `
          export const lingers = () => { const again = () => setTimeout(again, 5); again(); return 'answered' }
          export const stuck = ({ n }) => ${returned}
        `
        const manager = open(bench.project({ files: { 'tools.mjs': own } }), { toolExecutionTimeout: '2m' })
        // No idle moment before the next call.
        await Promise.all([manager.executeTool('lingers'), failure(manager.executeTool('stuck', { n: 1 })), failure(manager.executeTool('stuck', { n: 2 }))].map(async (call, n) => {
          const outcome = await call
          if (n > 0) assert.match(`${outcome.code}: ${outcome.message}`, /^ERR_TOOL_THREW: .*its own/)
        }))
      })
    }

    it(`a rejection that nobody handles fails no call that can still be answered, whoever left it (${name}).`, async () => {
      const own = `
        export const leaves = () => { const timer = setInterval(() => Promise.reject(new Error('left behind')), 5); globalThis.stop = () => clearInterval(timer); return 'answered' }
        export const waits = async () => { for (let n = 0; n < 100; n++) await new Promise((resolve) => setTimeout(resolve, 5)); return 'fine' }
        export async function * streams() { for (let n = 0; n < 50; n++) { await new Promise((resolve) => setTimeout(resolve, 5)); yield n } stop(); return 'streamed' }
      `
      const manager = open(bench.project({ files: { 'tools.mjs': own } }))
      await manager.executeTool('leaves')
      assert.equal(await manager.executeTool('waits'), 'fine')
      assert.equal(await manager.executeTool('streams'), 'streamed')
    })

    for (const kind of Object.keys(LEFTOVERS)) {
      // Bun and older versions of Node run microtasks without an async context: an error thrown in one becomes a line
      // of the log.
      if (kind === 'a microtask that throws' && name !== 'Node 24') continue
      it(`${kind} fails the call that did it (${name}).`, async () => {
        // This is the first call of the process, so no other call can have caused it.
        const manager = open(bench.project({ files: { 'tools.mjs': tools } }))
        assert.equal((await failure(manager.executeTool('fails', { kind }))).code, 'ERR_TOOL_THREW')
      })

      it(`${kind} fails the call that did it and not the one beside it, after others were answered (${name}).`, async () => {
        const project = bench.project({ files: { 'tools.mjs': tools } })
        const manager = open(project, { concurrentCallsPerWorker: 2 })
        await manager.executeTool('leaves', { kind, dir: project.dir })
        const beside = manager.executeTool('waits', { kind, dir: project.dir })
        assert.equal((await failure(manager.executeTool('fails', { kind }))).code, 'ERR_TOOL_THREW')
        assert.equal(await beside, 'fine')
      })
    }
  }
})
