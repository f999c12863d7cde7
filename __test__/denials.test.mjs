import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'

import { denialCaller, flagFor } from './support/denial-cases.mjs'
import { freePort, greeter } from './support/loopback.mjs'
import { bounded } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Long enough for many attempts, and short enough for a test. */
const SHORT = { toolExecutionTimeout: 700, gracePeriod: 0 }

for (const runtime of ['bun', 'node']) {
  describe(`What is refused, with ${runtime} running the tool,`, () => {
    const bench = workbench()
    const flag = (text) => flagFor(runtime, text)
    const setUp = (config) => {
      const outside = bench.project({ files: { 'in.txt': 'hello', 'other.txt': 'x', 'sub/deep.txt': 'x' } })
      const project = bench.project()
      project.copyTools('denials.mjs', 'tools.mjs')
      return { outside, project, at: outside.path, call: denialCaller(bench, project, runtime, config) }
    }
    let server
    before(async () => {
      server = await greeter()
    })
    after(() => server.close())

    /** The tool, the access that it is refused, and the resource that the flag has to name. */
    const SWALLOWED = [
      ['swallows-read', 'read', 'in.txt', 'in.txt'],
      ['swallows-read-promise', 'read', 'in.txt', 'in.txt'],
      ['swallows-list', 'read', 'sub', 'sub'],
      ['swallows-write', 'write', 'in.txt', 'in.txt'],
      ['swallows-write', 'write', 'new.txt', '.'],
      ['swallows-append', 'write', 'in.txt', 'in.txt'],
      ['swallows-mkdir', 'write', 'made', '.'],
      ['swallows-rm', 'write', 'in.txt', '.'],
      ['swallows-symlink', 'write', 'link', '.'],
      // Node opens the file for reading and writing.
      ...(runtime === 'bun' ? [['swallows-truncate', 'write', 'in.txt', 'in.txt']] : []),
    ]
    for (const [tool, permission, name, named] of SWALLOWED) {
      it(`is in the record of a call that succeeds: ${tool} of ${name}.`, async () => {
        const { outside, at, call } = setUp()
        const { value, record } = await call([], tool, { path: at(name) })
        assert.equal(value, false)
        const grant = named === '.' ? outside.dir : at(named)
        assert.deepEqual(record.denials, [{ permission, resource: at(name), flag: flag(`--allow-${permission}=${grant}`) }])
        assert.equal(record.denialsComplete, true)
        const allowed = await call([`--allow-${permission}=${grant}`], tool, { path: at(name) })
        assert.deepEqual([allowed.value, allowed.record.denials], [true, []])
      })
    }

    it('and changes files, is in the record with the default permissions too.', async () => {
      const { outside, at, call } = setUp()
      for (const tool of ['swallows-write', 'swallows-mkdir']) {
        const { record } = await call(['--allow-read'], tool, { path: at('new') })
        assert.deepEqual(record.denials, [{ permission: 'write', resource: at('new'), flag: flag(`--allow-write=${outside.dir}`) }])
        // A tool that may read every file still may not read those of other processes and devices; these refusals are
        // not reported to the supervisor.
        assert.equal(record.denialsComplete, false)
      }
    })

    for (const [tool, permission] of [['swallows-chmod', 'write'], ['swallows-watch', 'read']]) {
      it(`and is none of the kernel's own, is in the record: ${tool}.`, async () => {
        const { at, call } = setUp()
        const { value, record } = await call([], tool, { path: at('in.txt') })
        assert.equal(value, false)
        assert.deepEqual(record.denials.map((denial) => [denial.permission, denial.resource]), [[permission, at('in.txt')]])
        assert.equal((await call(['--allow-read', '--allow-write'], tool, { path: at('in.txt') })).value, true)
      })
    }

    it('is seen at both ends of a move.', async () => {
      const { outside, at, call } = setUp()
      const elsewhere = bench.project()
      const { record } = await call([], 'swallows-rename', { path: at('in.txt'), to: elsewhere.path('moved') })
      const resources = record.denials.map((denial) => [denial.permission, denial.flag])
      assert.deepEqual(resources, [outside.dir, elsewhere.dir].map((dir) => ['write', flag(`--allow-write=${dir}`)]))
    })

    it('and was nothing, is nothing.', async () => {
      const { at, call } = setUp()
      for (const [tool, input] of [
        ['nothing', {}],
        ['swallows-read', { path: at('none.txt') }],
        ['swallows-rm', { path: at('none.txt') }],
        ['swallows-write', { path: at('none/none.txt') }],
        ['swallows-mkdir', { path: at('sub') }],
      ]) {
        const { record } = await call([], tool, input)
        assert.deepEqual([record.denials, record.denialsComplete], [[], true], tool)
      }
    })

    it('is attributed to one of the calls that share a process, and the lists of the others are marked incomplete.', async () => {
      const { at, project } = setUp()
      const permissions = runtime === 'bun' ? { bunPermissions: [] } : { nodeOptions: ['--permission'] }
      const config = { runtimeType: runtime, entrypointPath: './tools.mjs', isolation: 'worker', maxWorkers: 1, concurrentCallsPerWorker: 2, ...permissions }
      const manager = bench.open(project, config)
      const records = new Map()
      manager.on('execution', (record) => records.set(record.toolId, record))
      const waiting = new AbortController()
      const waits = manager.executeTool('waits', {}, { signal: waiting.signal })
      await manager.executeTool('swallows-read', { path: at('in.txt') })
      waiting.abort()
      await assert.rejects(bounded(waits, 'a call to be cancelled'))
      assert.deepEqual(records.get('swallows-read').denials.map(({ resource }) => resource), [at('in.txt')])
      assert.deepEqual([records.get('waits').denials, records.get('waits').denialsComplete], [[], false])
    })

    it('is listed once each, and 64 at most.', async () => {
      const { outside, at, call } = setUp()
      const paths = Array.from({ length: 70 }, (_, number) => outside.write(`many/${number}`, 'x'))
      const { record } = await call([], 'swallows-many-files', { paths: [...paths, ...paths] })
      assert.deepEqual(record.denials.map(({ resource }) => resource), paths.slice(0, 64))
      assert.deepEqual([record.denialsDropped, record.denialsComplete], [12, false])
      assert.ok(at('many').length > 0)
    })

    it('to a program that the tool starts is in the record.', async () => {
      const { outside, at, call } = setUp()
      const listed = await call(['--allow-run=ls'], 'runs-ls', { path: at('sub') })
      assert.equal(listed.value, false)
      const read = listed.record.denials.filter(({ resource }) => resource === at('sub'))
      assert.deepEqual(read, [{ permission: 'read', resource: at('sub'), flag: flag(`--allow-read=${at('sub')}`) }])
      const { error } = await call(['--allow-run=touch'], 'runs-touch', { path: at('new') })
      assert.equal(error.code, 'ERR_ACCESS_DENIED', error.message)
      assert.deepEqual([error.permission, error.resource], ['write', at('new')])
      assert.ok(error.hint.includes(`add ${flag(`--allow-write=${outside.dir}`)} to`), error.hint)
    })

    describe('and ends with another error, is reported with it:', () => {
      const says = (error, resource, text) => {
        assert.ok(error.denials.some((denial) => denial.resource === resource && denial.flag === text), JSON.stringify(error.denials))
        assert.ok(error.hint.includes(`add ${text} to`), error.hint)
      }

      for (const tool of ['retries-connection', 'retries-fetch']) {
        it(`a timeout after ${tool}.`, async () => {
          const { call } = setUp(SHORT)
          const place = `127.0.0.1:${server.port}`
          const { error } = await call([], tool, { port: server.port, url: `http://${place}/` })
          assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
          says(error, place, `--allow-net=${place}`)
        })
      }

      it('a timeout after reads that are refused.', async () => {
        const { at, call } = setUp(SHORT)
        const { error } = await call([], 'retries-read', { path: at('in.txt') })
        assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
        says(error, at('in.txt'), flag(`--allow-read=${at('in.txt')}`))
      })

      it('an error of a client library.', async () => {
        const { call } = setUp()
        const { error } = await call([], 'throws-other', { port: server.port })
        assert.equal(error.code, 'ERR_TOOL_THREW')
        says(error, `127.0.0.1:${server.port}`, `--allow-net=127.0.0.1:${server.port}`)
      })

      it('an end of the process, by itself or by a signal.', async () => {
        const { at, call } = setUp()
        const exited = await call([], 'exits-after-read', { path: at('in.txt') })
        assert.equal(exited.error.code, 'ERR_TOOL_EXITED')
        says(exited.error, at('in.txt'), flag(`--allow-read=${at('in.txt')}`))
        const killed = await call([], 'kills-after-connection', { port: server.port })
        assert.equal(killed.error.code, 'ERR_TOOL_KILLED')
        says(killed.error, `127.0.0.1:${server.port}`, `--allow-net=127.0.0.1:${server.port}`)
      })

      for (const [what, code, ending] of [
        ['swallowed, and thrown differently', "throw new Error('no settings')", ''],
        ['thrown', '', 'throw error'],
      ]) {
        it(`an entrypoint that does not load, where a connection was refused and ${what}.`, async () => {
          const project = bench.project({
            files: {
              'tools.mjs': `
                try { await fetch('http://127.0.0.1:${server.port}/') } catch (error) { ${ending} }
                ${code}
                export const tool = () => 1`,
            },
          })
          const { error, record } = await denialCaller(bench, project, runtime)([], 'tool')
          assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
          says(error, `127.0.0.1:${server.port}`, `--allow-net=127.0.0.1:${server.port}`)
          assert.deepEqual(record.denials, error.denials)
        })
      }

      it('an entrypoint that does not load, where a file was refused.', async () => {
        const outside = bench.project({ files: { 'settings.conf': 'x' } })
        const path = outside.path('settings.conf')
        const project = bench.project({
          files: {
            'tools.mjs': `
              import { readFileSync } from 'node:fs'
              let text
              try { text = readFileSync(${JSON.stringify(path)}, 'utf8') } catch {}
              export const tool = () => text.length
              text.trim()`,
          },
        })
        const { error, record } = await denialCaller(bench, project, runtime)([], 'tool')
        assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
        says(error, path, flag(`--allow-read=${path}`))
        assert.deepEqual(record.denials, error.denials)
      })

      it('a process that ends before it is ready.', async () => {
        const code = `import net from 'node:net'
          await new Promise((resolve) => net.connect(${server.port}, '127.0.0.1').on('error', resolve))
          process.exit(3)`
        const project = bench.project({ files: { 'tools.mjs': code } })
        const { error, record } = await denialCaller(bench, project, runtime, { backoffMaxElapsedTime: 1 })([], 'tool')
        assert.equal(error.code, 'ERR_WORKER_START')
        says(error, `127.0.0.1:${server.port}`, `--allow-net=127.0.0.1:${server.port}`)
        assert.deepEqual(record.denials, error.denials)
      })
    })

    describe('is recognised', () => {
      for (const tool of ['throws-code', 'throws-stream', 'throws-cause', 'throws-cause-text']) {
        it(`by ${tool}, and named no wider than it was.`, async () => {
          const { at, call } = setUp()
          const path = at('in.txt')
          const { error, record } = await call([], tool, { path })
          assert.equal(error.code, 'ERR_ACCESS_DENIED', error.message)
          const denial = { permission: 'read', resource: path, flag: flag(`--allow-read=${path}`) }
          assert.deepEqual([error.permission, error.resource, record.denials], ['read', path, [denial]])
          assert.ok(error.hint.includes(`add ${denial.flag} to`), error.hint)
        })
      }

      it('where an error has a code and the path of a JSON file in its message only.', async () => {
        const { outside, call } = setUp()
        const path = outside.write('settings.json', '{}')
        const { error } = await call([], 'throws-stream', { path })
        assert.equal(error.denials[0].flag, flag(`--allow-read=${path}`))
        const code = await call([], 'throws-code', { path })
        assert.equal(code.error.denials[0].flag, flag(`--allow-read=${path}`))
      })

      it('behind the words of a database.', async () => {
        const { outside, at, call } = setUp()
        const { error } = await call([], 'throws-database', { path: at('data.db') })
        assert.deepEqual([error.code, error.permission, error.resource], ['ERR_ACCESS_DENIED', 'write', at('data.db')])
        assert.ok(error.hint.includes(flag(`--allow-write=${outside.dir}`)), error.hint)
      })

      it('where a tree is removed that may only be written, and where one is copied.', async () => {
        const { at, call } = setUp()
        mkdirSync(at('tree/sub'), { recursive: true })
        const removed = await call([`--allow-write=${at('.')}`], 'rm', { path: at('tree') })
        assert.deepEqual([removed.error.code, removed.error.permission, removed.error.resource], ['ERR_ACCESS_DENIED', 'read', at('tree')])
        const copied = await call(['--allow-read'], 'cp', { path: at('sub'), to: at('copy') })
        assert.deepEqual([copied.error.code, copied.error.permission], ['ERR_ACCESS_DENIED', 'write'])
      })

      it('by os.networkInterfaces().', async () => {
        const { call } = setUp()
        const { error } = await call([], 'interfaces')
        assert.deepEqual([error.code, error.permission], ['ERR_ACCESS_DENIED', 'net'])
        assert.match(error.hint, /add --allow-net to /)
        const { value } = await call(['--allow-net'], 'interfaces')
        assert.ok(value.length > 0)
      })

      it('by os.userInfo(), where the runtime asks the system.', async () => {
        const { call } = setUp()
        const { value, error } = await call([], 'user-info')
        // Bun takes the name from the environment.
        if (runtime === 'bun') return assert.equal(typeof value, 'string')
        assert.deepEqual([error.code, error.permission, error.resource], ['ERR_ACCESS_DENIED', 'read', '/etc/passwd'])
        assert.equal(typeof (await call(['--allow-read=/etc/passwd'], 'user-info')).value, 'string')
      })

      it('where a name of this machine was connected to, with its port.', async () => {
        const { call } = setUp()
        for (const tool of ['swallows-connection', 'connects']) {
          const { record } = await call([], tool, { port: server.port, host: 'localhost' })
          const flags = record.denials.map((denial) => denial.flag)
          assert.deepEqual(flags, [`--allow-net=localhost:${server.port}`], tool)
        }
        const { error } = await call([`--allow-net=localhost:${server.port}`], 'connects', { port: await freePort(), host: 'localhost' })
        assert.match(error.hint, /--allow-net=(localhost|127\.0\.0\.1|\[::1\]):\d+ /)
      })

      it('after a redirect to a host that is refused.', async () => {
        const redirecting = createServer((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${server.port}/` }).end())
        await bounded(new Promise((resolve) => redirecting.listen(0, '127.0.0.1', resolve)), 'a server to listen')
        const from = `127.0.0.1:${redirecting.address().port}`
        try {
          const { call } = setUp()
          const { error } = await call([`--allow-net=${from}`], 'fetch', { url: `http://${from}/` })
          assert.deepEqual([error.code, error.resource], ['ERR_ACCESS_DENIED', `127.0.0.1:${server.port}`], error.hint)
          const { value } = await call([`--allow-net=${from},127.0.0.1:${server.port}`], 'fetch', { url: `http://${from}/` })
          assert.equal(value, 'hi')
        } finally {
          redirecting.close()
        }
      })

      it('where a directory that a flag names was replaced.', async () => {
        const { call } = setUp()
        const outside = bench.project({ files: { 'data/old.txt': 'x' } })
        const path = outside.path('data')
        const { error } = await call([`--allow-read=${path}`, `--allow-write=${outside.dir}`], 'replaces-directory', { path })
        assert.deepEqual([error.code, error.permission, error.resource], ['ERR_ACCESS_DENIED', 'read', outside.path('data/new.txt')])
        assert.match(error.hint, /was replaced since the manager was made/)
      })
    })

    it('leads to modules two links away, and to settings outside of the package.', async () => {
      const workspace = bench.project({
        files: {
          'package.json': '{"name":"workspace","private":true}',
          'apps/tools/package.json': '{"name":"tools","type":"module"}',
          'apps/tools/tools.mjs': "import { a } from 'a'\nexport const tool = () => a",
          'packages/a/package.json': '{"name":"a","type":"module","exports":"./index.js"}',
          'packages/a/index.js': "export { b as a } from 'b'",
          'packages/b/package.json': '{"name":"b","type":"module","exports":"./index.js"}',
          'packages/b/index.js': 'export const b = 7',
        },
      })
      const { symlinkSync } = await import('node:fs')
      for (const [holder, name] of [['apps/tools', 'a'], ['packages/a', 'b']]) {
        mkdirSync(workspace.path(`${holder}/node_modules`))
        symlinkSync(workspace.path(`packages/${name}`), workspace.path(`${holder}/node_modules/${name}`))
      }
      const project = { dir: workspace.path('apps/tools') }
      const call = denialCaller(bench, project, runtime)
      const flags = []
      let last
      for (let step = 0; step < 4; step++) {
        last = await call(flags, 'tool')
        if (last.value !== undefined) break
        assert.equal(last.error.code, 'ERR_ENTRYPOINT_LOAD')
        const hinted = /add (-\S+) to `/.exec(last.error.hint)?.[1]
        assert.ok(hinted, `${last.error.message} ${last.error.hint}`)
        assert.ok(hinted.endsWith('/b') || hinted.includes('packages/b'), hinted)
        flags.push(hinted.replace('--allow-fs-read', '--allow-read'))
      }
      assert.equal(last.value, 7)
    })

    if (runtime === 'bun') {
      it('of settings that a tsconfig.json extends, explains that a package is not found.', async () => {
        const workspace = bench.project({
          files: {
            'tsconfig.base.json': '{"compilerOptions":{"baseUrl":".","paths":{"c":["packages/c/index.ts"]}}}',
            'packages/c/index.ts': 'export const c = 7',
            'apps/tools/package.json': '{"name":"tools"}',
            'apps/tools/tsconfig.json': '{"extends":"../../tsconfig.base.json"}',
            'apps/tools/tools.mjs': "import { c } from 'c'\nexport const tool = () => c",
          },
        })
        const call = denialCaller(bench, { dir: workspace.path('apps/tools') }, runtime)
        const needed = [workspace.path('tsconfig.base.json'), workspace.path('packages/c')].map((path) => `--allow-read=${path}`)
        for (let step = 0; step < needed.length; step++) {
          const { error } = await call(needed.slice(0, step), 'tool')
          assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
          assert.ok(error.hint.includes(`add ${needed[step]} to`), error.hint)
        }
        assert.equal((await call(needed, 'tool')).value, 7)
      })
    }

    describe('and was not, is never called a denial:', () => {
      const FAILURES = [
        [{ message: 'unable to connect to the queue' }],
        [{ message: 'fetch failed' }],
        [{ message: 'getaddrinfo ENOTFOUND a.test', fields: { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'a.test' } }],
        [{ message: 'socket hang up', fields: { code: 'ECONNRESET' } }],
        [{ message: 'read ECONNRESET', fields: { code: 'ECONNRESET', syscall: 'read', errno: -104 } }],
        [{ message: 'Permission denied', fields: { code: 'E_MINE' } }],
        [{ message: 'unable to open database file', fields: { code: 'SQLITE_CANTOPEN' } }],
        [{ message: 'no', fields: { code: 'EACCES' } }],
      ]
      for (const [input] of FAILURES) {
        for (const flags of [['--allow-read'], []]) {
          it(`${input.message} (${flags.join('') || 'no flag'}).`, async () => {
            const { call } = setUp()
            const { error, record } = await call(flags, 'throws-as-given', input)
            assert.deepEqual([error.code, error.hint, record.denials], ['ERR_TOOL_THREW', undefined, []])
          })
        }
      }
    })
  })
}

