import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import { failure } from './support/outcomes.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const TOOLS = readFileSync(fileURLToPath(new URL('fixtures/attacks/temporary.mjs', import.meta.url)), 'utf8')
const gone = (path) => until(() => !existsSync(path), `${path} to be removed`)

for (const runtimeType of ['bun', 'node']) {
  const flags = (given, node = given.map((flag) => flag.replace(/^--allow-(read|write)/, '--allow-fs-$1'))) =>
    runtimeType === 'bun' ? { bunPermissions: given } : { nodeOptions: ['--permission', ...node] }

  describe(`The temporary directory of a tool run by ${runtimeType}`, () => {
    const bench = workbench()
    const project = () => bench.project({ files: { 'tools.mjs': TOOLS, 'data.txt': 'data' } })
    const open = (config, of = project()) => bench.open(of, { runtimeType, entrypointPath: 'tools.mjs', ...config })

    it('is its own, private and empty, in each call, and gone afterwards.', async () => {
      const manager = open(flags([]))
      const seen = [await manager.executeTool('about', {}), await manager.executeTool('about', {})]
      for (const { path, before, names, real, native, mode } of seen) {
        assert.deepEqual(before, [])
        assert.deepEqual(names, { TMPDIR: path, TMP: path, TEMP: path })
        assert.deepEqual([real, native], [path, path])
        assert.equal(mode, 0o700)
        assert.equal(dirname(path), manager.enforcement.temporary)
        assert.equal(dirname(dirname(path)), realpathSync(tmpdir()))
        await gone(path)
      }
      assert.notEqual(seen[0].path, seen[1].path)
      await manager.close()
    })

    for (const given of [[], ['--allow-read'], ['--allow-read', '--allow-write']]) {
      it(`can be used as packages do, with ${given.join(' ') || 'no flag'}.`, async () => {
        const manager = open(flags(given, given.map((flag) => `${flag.replace('allow-', 'allow-fs-')}=*`)))
        assert.deepEqual(await manager.executeTool('use', {}), { names: ['a', 'copy', 'file', 'hard', 'link'], text: 'text' })
      })
    }

    for (const given of [[], ['--allow-net=127.0.0.1:1']]) {
      it(`can hold sockets of servers of one's own, with ${given.join(' ') || 'no flag'}.`, async () => {
        const manager = open(flags(given, given))
        assert.equal(await manager.executeTool('served', {}), 'own')
        assert.equal(await manager.executeTool('served', { below: 'below/server.sock' }), 'own')
      })
    }

    it('is there without a sandbox too.', async () => {
      const manager = open({ sandbox: 'off' })
      const { path, before } = await manager.executeTool('about', {})
      assert.deepEqual([before, dirname(path)], [[], manager.enforcement.temporary])
      await gone(path)
    })

    it('stays from call to call where the process does.', async () => {
      const manager = open({ ...flags([]), isolation: 'worker', maxWorkers: 1 })
      const [first, second] = [await manager.executeTool('about', {}), await manager.executeTool('about', {})]
      assert.equal(second.path, first.path)
      assert.deepEqual(second.before, ['left.txt'])
      await manager.close()
      assert.equal(existsSync(first.path), false)
    })

    it("is another one where the call's env names it.", async () => {
      const other = bench.project({})
      const manager = open(flags([`--allow-read=${other.dir}`, `--allow-write=${other.dir}`]))
      const { path } = await manager.executeTool('about', {}, { env: { TMPDIR: other.dir } })
      assert.equal(path, other.dir)
      assert.deepEqual(readdirSync(other.dir), ['left.txt'])
    })

    it('is not what is refused elsewhere: the hint names what was asked for.', async () => {
      const outside = bench.project({})
      const manager = open(flags([]))
      const error = await failure(manager.executeTool('about', {}, { env: { TMPDIR: outside.dir } }))
      assert.equal(error.code, 'ERR_ACCESS_DENIED', error.message)
      assert.equal(error.resource, outside.dir)
      const { denials } = error
      assert.ok(denials.every(({ flag }) => !flag.includes('toolwarden-')), JSON.stringify(denials))
    })

    for (const [what, input] of Object.entries({
      'links that lead out of it': { kind: 'links' },
      'directories that nobody may enter': { kind: 'unreadable' },
      'more files than are removed at once': { files: 500 },
      'directories almost as deep as a path is long': { depth: 500 },
    })) {
      it(`is removed with ${what} in it, after an answer and after a kill.`, async () => {
        const kept = bench.project({ files: { 'kept/file': 'kept' } })
        const manager = open(flags([]))
        const path = await manager.executeTool('leave', { ...input, target: kept.path('kept') })
        await gone(path)
        const abort = new AbortController()
        let hung
        const onProgress = (value) => {
          hung = value
          abort.abort()
        }
        const { code } = await failure(manager.executeTool('leave', { ...input, target: kept.path('kept'), hang: true }, { signal: abort.signal, onProgress }))
        assert.equal(code, 'ABORT_ERR')
        await gone(hung)
        assert.equal(readFileSync(kept.path('kept/file'), 'utf8'), 'kept')
        const directory = manager.enforcement.temporary
        await manager.close()
        await gone(directory)
      })
    }
  })
}

describe('Temporary directories of a host', () => {
  const bench = workbench()
  const start = (script, how = 'waits') => {
    const project = bench.project({ files: { 'tools.mjs': TOOLS } })
    const place = project.path('tmp')
    mkdirSync(place)
    return { place, project, host: bench.host(script, [project.dir, how], { env: { TMPDIR: place } }) }
  }
  /** Ends hosts, and makes the project removable: not even its user can list a directory that a killed host left. */
  const end = async (place, ...hosts) => {
    for (const host of hosts) {
      host.kill('SIGKILL')
      await host.ended()
    }
    for (const name of readdirSync(place)) chmodSync(join(place, name), 0o700)
  }
  const said = async (host) => (await host.output.line(/toolwarden-/)).text

  for (const how of ['waits', 'hung']) {
    it(`are removed when it ends without a close, ${how === 'waits' ? 'idle' : 'in a call'}.`, async () => {
      const { place, host } = start('has-temporary-directories.mjs', how === 'waits' ? 'exits' : 'exits-in-a-call')
      const { lines, stderr, code } = await host.ended()
      assert.equal(code, 0, stderr)
      assert.match(lines[0], /toolwarden-[0-9a-f]{16}\/[0-9a-f]{24}$/)
      assert.deepEqual(readdirSync(place), [])
    })

    it(`are removed by the next one when it is killed, ${how === 'waits' ? 'idle' : 'in a call'}.`, async () => {
      const { place, project, host } = start('has-temporary-directories.mjs', how)
      const path = await said(host)
      host.kill('SIGKILL')
      await host.ended()
      const left = dirname(path)
      assert.deepEqual(readdirSync(place), [basename(left)])
      const next = bench.host('has-temporary-directories.mjs', [project.dir, 'waits'], { env: { TMPDIR: place } })
      await said(next)
      await gone(left)
      assert.equal(readdirSync(place).length, 1, 'its own')
      await end(place, next)
    })
  }

  it('of a living one are not touched by another.', async () => {
    const { place, project, host } = start('has-temporary-directories.mjs', 'hung')
    const path = await said(host)
    const next = bench.host('has-temporary-directories.mjs', [project.dir, 'exits'], { env: { TMPDIR: place } })
    await next.ended()
    assert.ok(existsSync(`${path}/file-0`))
    assert.deepEqual(readdirSync(place), [basename(dirname(path))])
    await end(place, host)
  })

  it('are elsewhere where its TMPDIR cannot be used.', async () => {
    const project = bench.project({ files: { 'tools.mjs': TOOLS } })
    const host = bench.host('has-temporary-directories.mjs', [project.dir, 'exits'], { env: { TMPDIR: project.path('absent') } })
    const { lines, stderr } = await host.ended()
    assert.equal(dirname(dirname(lines[0] ?? stderr)), realpathSync('/tmp'))
  })
})
