import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { greeter } from './support/loopback.mjs'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** The same permissions in the flags of each runtime. */
const RUNTIMES = {
  bun: {
    config: { runtimeType: 'bun', entrypointPath: 'package/tools.mjs' },
    option: 'bunPermissions',
    read: (...paths) => (paths.length > 0 ? `--allow-read=${paths.join()}` : '--allow-read'),
    write: (...paths) => (paths.length > 0 ? `--allow-write=${paths.join()}` : '--allow-write'),
    net: '--allow-net',
    run: '--allow-run',
    nothing: [],
  },
  node: {
    config: { runtimeType: 'node', entrypointPath: 'package/tools.mjs' },
    option: 'nodeOptions',
    read: (...paths) => `--allow-fs-read=${paths.join() || '*'}`,
    write: (...paths) => `--allow-fs-write=${paths.join() || '*'}`,
    net: '--allow-net',
    run: '--allow-child-process',
    nothing: ['--permission'],
  },
}

const READS = ['read', 'read-callback', 'read-promise', 'read-url', 'read-buffer', 'read-descriptor', 'read-stream', 'worker-thread']
const WRITES = ['write', 'write-promise', 'append', 'truncate']

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  const { read, write, nothing } = runtime
  describe(`What Node's permission model means, with tools run by ${name}`, () => {
    const bench = workbench()
    const setUp = () => {
      const project = bench.project({ files: { 'allowed/in.txt': 'in', 'allowed/sub/deep.txt': 'deep', 'allowed-not/in.txt': 'no', 'secret/in.txt': 's' } })
      project.copyTools('node-intents.mjs', 'package/tools.mjs')
      return { project, at: project.path, ...caller(bench, project, runtime) }
    }
    let server
    before(async () => {
      server = await greeter()
    })
    after(() => server.close())

    /**
     * The access is refused without the flag, with the right permission and resource, and allowed after following the
     * hints.
     */
    const twin = async ({ denied, follows }, flags, tool, input, permission) => {
      const { error } = await denied(flags, tool, input)
      assert.equal(error.permission, permission)
      assert.ok(error.hint.endsWith(`to \`${runtime.option}\``), error.hint)
      const { hinted } = await follows(flags, tool, input)
      return hinted
    }

    for (const tool of READS) {
      it(`fs read: ${tool} needs the flag for its file.`, async () => {
        const { at, ...calls } = setUp()
        const input = { path: at('secret/in.txt') }
        assert.deepEqual(await twin(calls, nothing, tool, input, 'read'), [read(input.path)])
        await calls.denied([read(at('allowed'))], tool, input)
        await calls.succeeds([read()], tool, input)
      })
    }

    for (const tool of WRITES) {
      it(`fs write: ${tool} needs the flag for its file.`, async () => {
        const { at, ...calls } = setUp()
        const input = { path: at('secret/in.txt') }
        assert.deepEqual(await twin(calls, [read()], tool, input, 'write'), [write(input.path)])
        await calls.denied([read(), write(at('allowed'))], tool, input)
        await calls.succeeds([read(), write()], tool, input)
      })
    }

    for (const [tool, path, to] of [['mkdir', 'secret/new'], ['unlink', 'secret/in.txt'], ['symlink', 'secret/link', 'allowed/in.txt']]) {
      it(`fs write: ${tool} needs the flag for the directory.`, async () => {
        const { at, ...calls } = setUp()
        const input = { path: at(path), to: to && at(to) }
        assert.deepEqual(await twin(calls, [read()], tool, input, 'write'), [write(at('secret'))])
      })
    }

    it('fs write: rename and copy need the flags of both ends.', async () => {
      const { at, ...calls } = setUp()
      const flags = [read(at('allowed')), write(at('allowed'))]
      await calls.denied(flags, 'rename', { path: at('allowed/in.txt'), to: at('secret/moved.txt') })
      await calls.denied(flags, 'rename', { path: at('secret/in.txt'), to: at('allowed/moved.txt') })
      await calls.denied(flags, 'copy', { path: at('secret/in.txt'), to: at('allowed/copy.txt') })
      await calls.denied(flags, 'copy', { path: at('allowed/in.txt'), to: at('secret/copy.txt') })
      // Node sets the copy's mode as well.
      await calls.succeeds(flags, 'copy', { path: at('allowed/in.txt'), to: at('allowed/copy.txt') })
      await calls.succeeds(flags, 'rename', { path: at('allowed/in.txt'), to: at('allowed/sub/moved.txt') })
    })

    it('fs read: a directory and what is below it, and nothing whose name begins alike.', async () => {
      const { at, succeeds, denied } = setUp()
      const flags = [read(at('allowed'))]
      assert.deepEqual(await succeeds(flags, 'readdir', { path: at('allowed') }), ['in.txt', 'sub'])
      assert.equal(await succeeds(flags, 'read', { path: at('allowed/sub/deep.txt') }), 'deep')
      await denied(flags, 'read', { path: at('allowed-not/in.txt') })
    })

    it('traversal: no way of writing a path leads out.', async () => {
      const { project, at, succeeds, denied } = setUp()
      const flags = [read(at('allowed')), write(at('allowed'))]
      const out = ['allowed/../secret/in.txt', 'allowed/sub/../../secret/in.txt', './allowed/.././secret//in.txt', `${project.dir}/allowed/../secret/in.txt`]
      for (const path of out) {
        for (const tool of ['read', 'read-buffer', 'write']) await denied(flags, tool, { path })
      }
      assert.equal(await succeeds(flags, 'read', { path: 'secret/../allowed/in.txt' }), 'in')
    })

    it('symlink: one that leads out of what is allowed opens nothing, whoever made it.', async () => {
      const { at, denied, succeeds } = setUp()
      symlinkSync(at('secret/in.txt'), at('allowed/link'))
      symlinkSync(at('secret'), at('allowed/directory'))
      const flags = [read(at('allowed')), write(at('allowed'))]
      for (const path of ['allowed/link', 'allowed/directory/in.txt']) {
        await denied(flags, 'read', { path: at(path) })
        await denied(flags, 'write', { path: at(path) })
      }
      await denied(flags, 'symlink-then-read', { path: at('allowed/mine'), to: at('secret/in.txt') })
      await denied(flags, 'link-then-read', { path: at('allowed/hard'), to: at('secret/in.txt') })
      assert.equal(await succeeds(flags, 'symlink-then-read', { path: at('allowed/good'), to: at('allowed/in.txt') }), 'in')
    })

    it('net: connecting needs the flag.', async () => {
      const { denied, succeeds } = setUp()
      const { error } = await denied([read()], 'connect', { port: server.port })
      assert.deepEqual([error.permission, error.resource], ['net', `127.0.0.1:${server.port}`])
      assert.equal(await succeeds([read(), runtime.net], 'connect', { port: server.port }), 'done')
      assert.equal(await succeeds([read(), `${runtime.net}=127.0.0.1:${server.port}`], 'connect', { port: server.port }), 'done')
    })

    it('child process: starting one needs the flag.', async () => {
      const { denied, succeeds } = setUp()
      const { error, denials } = await denied([read()], 'spawn')
      assert.equal(error.permission, 'run')
      const flag = name === 'node' ? runtime.run : '--allow-run=true'
      assert.ok(error.hint.includes(`add ${flag} to`), error.hint)
      assert.deepEqual(denials.map((denial) => denial.flag), [flag])
      assert.equal(await succeeds([read(), flag], 'spawn'), 0)
    })
  })
}

describe('Options of Node', () => {
  const bench = workbench()
  const setUp = () => {
    const project = bench.project({ files: { 'allowed/in.txt': 'in', 'secret/in.txt': 's' } })
    project.copyTools('node-intents.mjs', 'package/tools.mjs')
    return { project, at: project.path, ...caller(bench, project, RUNTIMES.node) }
  }

  it('without a permission flag allow reading, and nothing else.', async () => {
    const { at, succeeds, denied } = setUp()
    assert.equal(await succeeds([], 'read', { path: at('secret/in.txt') }), 's')
    await denied([], 'write', { path: at('secret/in.txt') })
    await denied(['--no-warnings'], 'spawn')
  })

  it('wildcards: `*` is every file, `directory/*` is the directory.', async () => {
    const { at, succeeds, denied } = setUp()
    assert.equal(await succeeds(['--allow-fs-read=*'], 'read', { path: at('secret/in.txt') }), 's')
    assert.equal(await succeeds([`--allow-fs-read=${at('allowed')}/*`], 'read', { path: at('allowed/in.txt') }), 'in')
    await denied([`--allow-fs-read=${at('allowed')}/*`], 'read', { path: at('secret/in.txt') })
  })

  it('wildcards elsewhere are refused.', () => {
    const { project } = setUp()
    for (const option of ['--allow-fs-read=allow*', '--allow-fs-write=*/in.txt', '--allow-fs-read']) {
      const error = thrown(() => bench.open(project, { ...RUNTIMES.node.config, nodeOptions: [option] }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID', option)
    }
  })

  it('for workers, addons and WASI change nothing.', async () => {
    const { at, denied, succeeds } = setUp()
    const flags = ['--permission', '--allow-worker', '--allow-addons', '--allow-wasi']
    await denied(flags, 'worker-thread', { path: at('secret/in.txt') })
    assert.equal(await succeeds([...flags, `--allow-fs-read=${at('secret')}`], 'worker-thread', { path: at('secret/in.txt') }), 'done')
  })
})
