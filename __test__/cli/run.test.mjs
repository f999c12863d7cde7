import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { cli, startCli, TOOLS } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { isRunning, processEnd } from '../support/processes.mjs'
import { workbench } from '../support/workbench.mjs'

/** A tool for both runtimes: it reads a file that the default allows, and writes one that the default does not. */
const copier = `
import { readFileSync, writeFileSync } from 'node:fs'
export const copy = ({ from, to }) => writeFileSync(to, readFileSync(from))
`

describe('toolwarden run', () => {
  const bench = workbench()
  const run = (args, options = {}) => cli(['run', TOOLS, ...args], { cwd: bench.project().dir, ...options })

  test('prints the result as one line of JSON, and what happened on stderr', async () => {
    const { code, stdout, stderr } = await run(['greet', '--input', '{"name":"Ada"}'])
    assert.equal(stdout, '{"greeting":"Hello, Ada."}\n')
    assert.match(stderr, /^greet done after [\d.]+ m?s\n$/)
    assert.equal(code, 0)
  })

  test('input comes from a file or from standard input', async () => {
    const project = bench.project({ files: { 'in.json': '{"name":"File"}' } })
    const file = await cli(['run', TOOLS, 'greet', '--input', '@in.json'], { cwd: project.dir })
    assert.equal(file.stdout, '{"greeting":"Hello, File."}\n')
    const piped = await run(['greet', '--input', '-'], { input: '{"name":"Pipe"}' })
    assert.equal(piped.stdout, '{"greeting":"Hello, Pipe."}\n')
  })

  test('config and variables reach the tool', async () => {
    const config = await run(['echo', '--config', '{"deep":[1]}'])
    assert.deepEqual(JSON.parse(config.stdout), { input: null, config: { deep: [1] } })
    const variable = await run(['variable', '--input', '{"name":"B"}', '--env', 'A=1', '--env', 'B=x=y'])
    assert.equal(variable.stdout, '"x=y"\n')
  })

  test('a tool without a result prints nothing on stdout', async () => {
    const { code, stdout, stderr } = await run(['nothing'])
    assert.equal(stdout, '')
    assert.match(stderr, /^nothing returned nothing after /)
    assert.equal(code, 0)
  })

  test('what the tool prints and its progress go to stderr, without colours', async () => {
    const printed = await run(['print'])
    assert.equal(printed.stdout, '"printed"\n')
    for (const line of ['a line', 'a warning', 'raw']) assert.ok(printed.stderr.split('\n').includes(line), line)
    const stepped = await run(['steps'])
    assert.match(stepped.stderr, /^progress: 1\nprogress: \{"progress":2,"total":3,"message":"two"\}\n/)
    assert.ok(!(printed.stderr + stepped.stderr).includes('\u001B'))
  })

  test('--json leaves out the status line, and gives failures as JSON', needsSandbox, async () => {
    const done = await run(['greet', '--input', '{"name":"Ada"}', '--json'])
    assert.deepEqual([done.stdout, done.stderr, done.code], ['{"greeting":"Hello, Ada."}\n', '', 0])
    const failed = await run(['fail', '--json'])
    assert.equal(failed.code, 1)
    assert.equal(failed.stderr, '')
    const { error } = JSON.parse(failed.stdout)
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.equal(error.cause.message, 'the tool gave up')
    assert.deepEqual([error.fault, error.operation, error.attempts, error.timedOut, error.denials], ['tool', 'execute', 1, false, []])
    const project = bench.project({ files: { 'app/tools.mjs': "import { readFileSync } from 'node:fs'\nexport const read = ({ path }) => readFileSync(path, 'utf8')\n", 'note.txt': '' } })
    const note = project.path('note.txt')
    const denied = await cli(['run', 'tools.mjs', 'read', '--input', JSON.stringify({ path: note }), '--allow-read=.', '--json'], { cwd: project.path('app') })
    const { fault, denials } = JSON.parse(denied.stdout).error
    assert.deepEqual([fault, denials.map(({ permission, resource }) => [permission, resource])], ['tool', [['read', note]]])
  })

  test('1: a tool that throws, with the place it threw at', async () => {
    const { code, stdout, stderr } = await run(['fail'])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /error: .*TypeError: the tool gave up/)
    assert.match(stderr, /tools\.ts:\d+:\d+/)
    assert.doesNotMatch(stderr, /\.toolwarden|node:internal/)
  })

  test('1: an entrypoint that cannot be loaded, with file, line and column', async () => {
    const project = bench.project({ files: { 'bad.ts': 'export default {\n  a: 1 +,\n}\n' } })
    const { code, stderr } = await cli(['run', 'bad.ts', 'a'], { cwd: project.dir })
    assert.equal(code, 1)
    assert.match(stderr, /^error: /m)
    assert.match(stderr, /bad\.ts:2:\d+/)
  })

  test('2: an unknown tool, with the nearest one', async () => {
    const { code, stderr } = await run(['gret'])
    assert.equal(code, 2)
    assert.match(stderr, /^error: tool gret not found/m)
    assert.match(stderr, /^hint: did you mean `greet`\?$/m)
  })

  test('2: input that does not match the schema, with the path', async () => {
    const { code, stderr } = await run(['greet', '--input', '{"name":7}'])
    assert.equal(code, 2)
    assert.match(stderr, /name: /)
  })

  test('2: text that is no JSON, with line, column and what was probably meant', async () => {
    const { code, stderr } = await run(['greet', '--input', "{name: 'Ada'}"])
    assert.equal(code, 2)
    assert.match(stderr, /^error: --input is not JSON: .* at line 1, column 2$/m)
    assert.match(stderr, /^hint: did you mean '\{"name": "Ada"\}'\?$/m)
    const file = bench.project({ files: { 'in.json': '{\n  "name" "Ada"\n}' } })
    const fromFile = await cli(['run', TOOLS, 'greet', '--input', '@in.json'], { cwd: file.dir })
    assert.match(fromFile.stderr, /^error: in\.json is not JSON: expected `:` at line 2, column 10$/m)
    const missing = await run(['greet', '--input', '@none.json'])
    assert.match(missing.stderr, /^error: --input: none\.json cannot be read: ENOENT$/m)
    assert.deepEqual([fromFile.code, missing.code], [2, 2])
  })

  test('2: wrong variables', async () => {
    const noValue = await run(['echo', '--env', 'A'])
    assert.match(noValue.stderr, /^error: --env takes NAME=value, got "A"$/m)
    const refused = await run(['echo', '--env', 'LD_PRELOAD=x'])
    assert.match(refused.stderr, /^error: .*LD_PRELOAD/m)
    assert.deepEqual([noValue.code, refused.code], [2, 2])
  })

  for (const runtime of ['bun', 'node']) {
    test(`3: a tool that was denied something, with the flags that allow it (${runtime})`, needsSandbox, async () => {
      const { dir, path, write } = bench.project({ files: { 'out/kept.txt': 'kept', 'in.txt': 'read' } })
      write('tools.mjs', copier)
      const copy = (...flags) =>
        cli(['run', 'tools.mjs', 'copy', '--input', JSON.stringify({ from: '/proc/sys/kernel/ostype', to: path('out/new.txt') }), '--runtime', runtime, ...flags], { cwd: dir })
      const denied = await copy()
      assert.equal(denied.code, 3, denied.stderr)
      assert.match(denied.stderr, /^error: .*denied write access to .*out\/new\.txt/m)
      const flags = /^hint: run it again with `(.+)`$/m.exec(denied.stderr)?.[1].split(' ') ?? []
      assert.equal(flags.length, 2)
      // The file does not exist yet, so its directory has to be writable.
      const allowed = await copy(...flags.map((flag) => flag.replace('/new.txt', '')))
      assert.equal(allowed.code, 0, allowed.stderr)
      assert.equal(readFileSync(path('out/new.txt'), 'utf8'), 'Linux\n')
    })
  }

  test('4: a tool that takes too long', async () => {
    const { code, stderr } = await run(['loop', '--timeout', '300ms'])
    assert.equal(code, 4)
    assert.match(stderr, /^error: .*timed out after 300 ms/m)
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(`${expected}: ${signal} cancels the call and leaves no process`, async () => {
      const started = startCli(['run', TOOLS, 'waits'], { cwd: bench.project().dir, input: '' })
      const pid = await started.err.number('pid')
      assert.ok(isRunning(pid))
      started.child.kill(signal)
      const { code, stderr } = await started.ended()
      assert.equal(code, expected)
      assert.match(stderr, /waits interrupted after /)
      await processEnd(pid)
    })
  }

  test('--runtime chooses the runtime', async () => {
    const { code, stderr } = await run(['echo', '--runtime', 'deno'])
    assert.equal(code, 2)
    assert.match(stderr, /unsupported runtime type/)
  })
})
