import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { before, describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { failure } from './support/outcomes.mjs'
import { isRunning, openDescriptors, ownChildren, processEnd } from './support/processes.mjs'
import { bounded, until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Bun's compiler threads need ten seconds to end before there is an origin. */
const ORIGIN_BOUND = 60_000
/** Children that are compared with each other. */
const CHILDREN = 6

/** Every way to draw something at random that a tool has. */
const GENERATORS = {
  'Math.random': 'Math.random()',
  'crypto.getRandomValues': 'Array.from(crypto.getRandomValues(new Uint32Array(4))).join()',
  'crypto.randomUUID': 'crypto.randomUUID()',
  'Bun.randomUUIDv7': "Bun.randomUUIDv7().slice(14)",
  'crypto.subtle.generateKey': "await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']).then((key) => crypto.subtle.exportKey('raw', key)).then((raw) => Buffer.from(raw).toString('hex'))",
  'node:crypto randomBytes': "node.randomBytes(16).toString('hex')",
  'node:crypto randomInt': 'node.randomInt(2 ** 47)',
  'node:crypto randomUUID': 'node.randomUUID()',
  'node:crypto randomUUID without its cache': 'node.randomUUID({ disableEntropyCache: true })',
  'node:crypto randomFillSync': "node.randomFillSync(Buffer.alloc(16)).toString('hex')",
  'node:crypto generateKeySync': "node.generateKeySync('hmac', { length: 128 }).export().toString('hex')",
  'node:crypto generateKeyPairSync': "node.generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('hex')",
  'fs.mkdtemp': "fs.mkdtempSync(process.env.TMPDIR + '/x').slice(-6)",
}

const TOOLS = `
  import * as node from 'node:crypto'
  import * as fs from 'node:fs'
  import { value } from './value.ts'
  // Uses every generator once, so that whatever keeps something in reserve has it.
  const draw = async () => ({ ${Object.entries(GENERATORS).map(([name, code]) => `${JSON.stringify(name)}: ${code}`).join(', ')} })
  for (let n = 0; n < 3; n++) Object.values(await draw())
  fs.rmSync(process.env.TMPDIR, { recursive: true, force: true }), 0
  const imported = { pid: process.pid, at: Date.now() }
  console.log('imported', process.pid)
  let calls = 0
  export { draw }
  export const self = () => ({ pid: process.pid, parent: process.ppid, calls: ++calls, imported, value, directory: process.env.TMPDIR, variables: Object.keys(process.env).filter((name) => /BUN_|MIMALLOC|TOOLWARDEN_ORIGIN/.test(name)), memory: process.memoryUsage(), rss: process.memoryUsage.rss() })
  export const nativeDirectory = async () => { const { dlopen } = await import('bun:ffi'); return [process.env.TMPDIR, String(dlopen('libc.so.6', { getenv: { args: ['cstring'], returns: 'cstring' } }).symbols.getenv(Buffer.from('TMPDIR\\0')))] }
  export const writes = (text) => { fs.writeFileSync(process.env.TMPDIR + '/file', text); return fs.readdirSync(process.env.TMPDIR) }
  export const lists = (path) => fs.readdirSync(path)
  export const reads = (path) => fs.readFileSync(path, 'utf8')
  export const prints = () => { console.log('from a fork'); return 1 }
  export const throws = () => { throw new Error('on purpose') }
  export const hangs = () => { console.log('hangs', process.pid); for (;;); }
  export const waits = (input, config, context) => new Promise((resolve) => { fs.writeFileSync(process.env.TMPDIR + '/secret', 'secret'); context.progress({ pid: process.pid, directory: process.env.TMPDIR }); context.signal.addEventListener('abort', () => resolve('aborted')) })
  export const later = () => new Promise((resolve) => setTimeout(() => resolve('later'), 5))
  export const ends = () => process.exit(3)
`.replace(/\n  fs\.rmSync.*\n/, "\n  for (const name of fs.readdirSync(process.env.TMPDIR)) fs.rmSync(process.env.TMPDIR + '/' + name, { recursive: true })\n")
const FILES = { 'tools.ts': TOOLS, 'value.ts': 'export const value = 1\n' }

describe('Processes that are forked from an origin', () => {
  const bench = workbench({ shared: true })
  let project
  let manager
  const records = []
  const lines = []
  before(async () => {
    project = bench.project({ files: FILES })
    manager = bench.open(project, { processStart: 'fork', maxWorkers: 4, gracePeriod: '1s', bunPermissions: [] })
    manager.on('execution', (record) => records.push(record)).on('log', ({ text }) => lines.push(text))
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    // The process that was kept ready was started before there was an origin.
    await until(async () => {
      await manager.executeTool('self')
      return records.at(-1)?.processStart === 'fork'
    }, 'a forked process')
  })

  it('are said to be forked by records, statistics and metrics.', async () => {
    const { pid } = await manager.executeTool('self')
    await until(() => records.at(-1)?.pid === pid, 'its record')
    assert.equal(records.at(-1).processStart, 'fork')
    const { origin } = manager.stats()
    assert.deepEqual({ ...origin, forked: origin.forked > 0 }, { state: 'serving', reason: null, pid: origin.pid, forked: true })
    assert.ok(isRunning(origin.pid))
    assert.match(manager.metrics(), /^toolwarden_worker_starts_total\{process_start="fork"\} [1-9]/m)
    assert.match(manager.metrics(), /^toolwarden_origin_info\{state="serving",reason=""\} 1$/m)
  })

  it('draw different values from every generator.', async () => {
    const drawn = []
    for (let n = 0; n < CHILDREN; n++) drawn.push(await manager.executeTool('draw'))
    assert.deepEqual(new Set(records.slice(-CHILDREN + 1).map(({ processStart }) => processStart)), new Set(['fork']))
    for (const name of Object.keys(GENERATORS)) assert.equal(new Set(drawn.map((values) => values[name])).size, CHILDREN, name)
  })

  it('have an id, memory and a directory of their own, and the module state of the import.', async () => {
    const [one, other] = [await manager.executeTool('self'), await manager.executeTool('self')]
    assert.notEqual(one.pid, other.pid)
    assert.notEqual(one.directory, other.directory)
    for (const found of [one, other]) {
      assert.notEqual(found.pid, found.imported.pid)
      assert.equal(found.imported.pid, manager.stats().origin.pid)
      assert.deepEqual([found.parent, found.calls, found.value, found.variables], [process.pid, 1, 1, []])
      assert.ok(found.rss > 1 << 20 && found.memory.heapUsed > 0, JSON.stringify(found.memory))
    }
    assert.equal(lines.filter((line) => line === `imported ${one.imported.pid}`).length, 1)
  })

  it('have a directory of their own in native code, too.', async () => {
    const [directory, native] = await manager.executeTool('nativeDirectory')
    assert.equal(native, directory)
    assert.equal(records.at(-1).processStart, 'fork')
  })

  it('write to their own directories and cannot read each other’s.', async () => {
    assert.deepEqual(await manager.executeTool('writes', 'mine'), ['file'])
    const cancel = new AbortController()
    let waiting
    const { directory } = await new Promise((resolve, reject) => {
      waiting = manager.executeTool('waits', null, { signal: cancel.signal, onProgress: resolve })
      waiting.catch(reject)
    })
    try {
      for (const [tool, path] of [['reads', `${directory}/secret`], ['lists', directory], ['lists', directory.slice(0, directory.lastIndexOf('/'))]]) {
        const error = await failure(manager.executeTool(tool, path))
        assert.match(`${error.message} ${error.cause?.message}`, /EACCES/, path)
      }
    } finally {
      cancel.abort()
      await failure(waiting)
    }
  })

  it('print, time, throw, end and are ended like others.', async () => {
    const printed = []
    assert.equal(await manager.executeTool('prints', null, { onLog: ({ text }) => printed.push(text) }), 1)
    assert.deepEqual(printed, ['from a fork'])
    assert.equal(await manager.executeTool('later'), 'later')
    assert.equal((await failure(manager.executeTool('throws'))).code, 'ERR_TOOL_THREW')
    assert.equal((await failure(manager.executeTool('ends'))).exitCode, 3)
    const hung = []
    const error = await failure(manager.executeTool('hangs', null, { timeout: 300, onLog: ({ text }) => hung.push(text) }))
    assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
    await processEnd(Number(hung[0].split(' ')[1]))
  })

  it('leave no descriptors and no zombies.', async () => {
    const rest = async () => {
      await until(() => manager.stats().workers.busy === 0 && manager.stats().workers.starting === 0, 'the processes to rest')
      return { descriptors: openDescriptors(), children: ownChildren().length }
    }
    await manager.executeTool('self')
    const rested = await rest()
    const forked = manager.stats().origin.forked
    for (let n = 0; n < 100; n++) await manager.executeTool(n % 10 === 0 ? 'ends' : 'self').catch(() => {})
    await until(() => manager.stats().origin.forked >= forked + 100, 'a hundred forks')
    await until(async () => {
      const now = await rest()
      return now.descriptors <= rested.descriptors && now.children <= rested.children
    }, 'descriptors and children to be as many as before')
  })

  it('run the new code within moments of an edit.', async () => {
    assert.equal((await manager.executeTool('self')).value, 1)
    const former = manager.stats().origin.pid
    project.write('value.ts', 'export const value = 2\n')
    // One process was ready before the edit, as without an origin.
    await until(async () => (await manager.executeTool('self')).value === 2, 'the new value')
    assert.equal((await manager.executeTool('self')).value, 2)
    await processEnd(former)
    await until(async () => (await manager.executeTool('self')) && manager.stats().origin.state === 'serving', 'a new origin', ORIGIN_BOUND)
    assert.equal((await manager.executeTool('self')).value, 2)
    utimesSync(project.path('value.ts'), new Date(), new Date())
  })

  it('end with the manager, and so does the origin.', async () => {
    const pid = await until(async () => (await manager.executeTool('self')) && manager.stats().origin.pid, 'an origin', ORIGIN_BOUND)
    await manager.close()
    assert.equal(isRunning(pid), false)
  })
})

describe('Processes of isolation "worker"', () => {
  const bench = workbench()
  it('are forked, too, and serve call after call.', async () => {
    const manager = bench.open(bench.project({ files: FILES }), { processStart: 'fork', isolation: 'worker', minWorkers: 0, maxWorkers: 2, maxCallsPerWorker: 3 })
    const records = []
    manager.on('execution', (record) => records.push(record))
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    const found = []
    for (let n = 0; n < 6; n++) found.push(await manager.executeTool('self'))
    assert.deepEqual(found.map(({ calls }) => calls), [1, 2, 3, 1, 2, 3])
    await until(() => records.length === 6, 'the records')
    assert.deepEqual(new Set(records.map(({ processStart }) => processStart)), new Set(['fork']))
  })
})

describe('An origin that nobody needs', () => {
  const bench = workbench()
  it('is ended after `idleTimeout`, and another one is started for the next calls.', async () => {
    const manager = bench.open(bench.project({ files: FILES }), { processStart: 'fork', minWorkers: 0, idleTimeout: '300ms' })
    await bounded(manager.ready(), 'an origin', ORIGIN_BOUND)
    const { pid } = manager.stats().origin
    await processEnd(pid)
    await until(() => manager.stats().origin.state === 'waiting', 'no origin')
    assert.equal(manager.stats().origin.pid, null)
    // Calls come so often that the next one is not ended before it is seen.
    const next = await until(async () => (await manager.executeTool('self')) && manager.stats().origin.pid, 'another origin', ORIGIN_BOUND)
    assert.notEqual(next, pid)
  })
})

describe('Where processes cannot be forked', () => {
  const bench = workbench()
  const SIMPLE = 'export const f = () => process.pid\n'
  const CASES = [
    ['Node', {}, { runtimeType: 'node', entrypointPath: './tools.mjs' }, /Node/],
    ['no sandbox', {}, { sandbox: 'off' }, /no sandbox/],
    ['programs', {}, { bunPermissions: ['--allow-run'] }, /may run programs/],
    ['a timer', { 'tools.ts': `setInterval(() => {}, 1e6)\n${SIMPLE}` }, {}, /timers/],
    ['an open file', { 'tools.ts': `import { openSync } from 'node:fs'\nopenSync(import.meta.path)\n${SIMPLE}` }, {}, /descriptors open/],
    ['a thread', { 'tools.ts': `new Worker(URL.createObjectURL(new Blob(['setInterval(() => {}, 1e6)'])))\n${SIMPLE}` }, {}, /threads|descriptors/],
    ['a file in the temporary directory', { 'tools.ts': `import { writeFileSync } from 'node:fs'\nwriteFileSync(process.env.TMPDIR + '/x', 'x')\n${SIMPLE}` }, {}, /temporary directory/],
  ]
  for (const [name, files, config, reason] of CASES) {
    it(`the reason is told, and they are started: ${name}.`, async () => {
      const manager = bench.open(bench.project({ files: { 'tools.ts': SIMPLE, 'tools.mjs': SIMPLE, ...files } }), { processStart: 'fork', ...config })
      const records = []
      manager.on('execution', (record) => records.push(record))
      const error = await bounded(manager.ready().catch((found) => found), 'an answer', ORIGIN_BOUND)
      assert.ok(error instanceof Error, 'it was ready')
      assert.equal(error.code, 'ERR_WORKER_START', error.message)
      assert.match(error.message, reason)
      assert.match(error.hint, /auto/)
      const { state, reason: told } = manager.stats().origin
      assert.equal(state, 'unavailable')
      assert.match(told, reason)
      assert.match(manager.metrics(), /^toolwarden_origin_info\{state="unavailable",reason="[^"]/m)
      assert.equal(typeof (await manager.executeTool('f')), 'number')
      await until(() => records.length === 1, 'the record')
      assert.equal(records[0].processStart, 'spawn')
    })
  }

  it('an entrypoint that cannot be imported is told as without.', async () => {
    const manager = bench.open(bench.project({ files: { 'tools.ts': "throw new Error('no')\n" } }), { processStart: 'fork' })
    assert.equal((await failure(manager.ready())).code, 'ERR_ENTRYPOINT_LOAD')
  })

  it('"auto" and "spawn" reject nothing.', async () => {
    const project = bench.project({ files: { 'tools.ts': SIMPLE } })
    const auto = bench.open(project, { processStart: 'auto', bunPermissions: ['--allow-run'] })
    await auto.ready()
    assert.match(auto.stats().origin.reason, /may run programs/)
    const spawn = bench.open(project)
    await spawn.ready()
    assert.deepEqual(spawn.stats().origin, { state: 'off', reason: '`processStart` is "spawn"', pid: null, forked: 0 })
  })
})

describe('A host that is killed', () => {
  const bench = workbench()
  it('leaves neither the origin nor what was forked from it.', async () => {
    const project = bench.project({ files: FILES })
    const host = bench.host('forks.mjs', [project.dir])
    const line = await until(() => host.output.texts().find((text) => text.startsWith('{')), 'processes', ORIGIN_BOUND)
    const { origin, waiting } = JSON.parse(line)
    assert.ok(isRunning(origin) && isRunning(waiting))
    host.kill('SIGKILL')
    await host.ended()
    await processEnd(origin)
    await processEnd(waiting)
  })
})
