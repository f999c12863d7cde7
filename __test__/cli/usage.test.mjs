import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { cli, TOOLS } from '../support/cli.mjs'
import { workbench } from '../support/workbench.mjs'

describe('the command line', () => {
  const bench = workbench()
  const toolwarden = (args, options = {}) => cli(args, { cwd: bench.project().dir, ...options })

  for (const command of ['init', 'run', 'list', 'mcp', 'types', 'doctor', 'bench']) {
    test(`${command} --help`, async () => {
      const { code, stdout, stderr } = await toolwarden([command, '--help'])
      assert.match(stdout, new RegExp(`^Usage: toolwarden ${command} `))
      assert.deepEqual([code, stderr], [0, ''])
    })
  }

  test('help, version, and nothing at all', async () => {
    const help = await toolwarden(['--help'])
    assert.match(help.stdout, /Exit codes: 0 done, 1 the tool failed/)
    const version = await toolwarden(['--version'])
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
    const nothing = await toolwarden([])
    assert.match(nothing.stderr, /^Usage: /)
    assert.deepEqual([help.code, version.code, nothing.code, nothing.stdout], [0, 0, 2, ''])
  })

  for (const [what, args, error, hint] of [
    ['an unknown command', ['rum', TOOLS], "unknown command 'rum'", 'did you mean `toolwarden run`?'],
    ['an unknown option', ['run', TOOLS, 'greet', '--timout', '3'], "unknown option '--timout'", 'did you mean `--timeout`?'],
    ['a mistyped permission', ['run', TOOLS, 'greet', '--alow-net'], "unknown option '--alow-net'", 'did you mean `--allow-net`?'],
    ['a missing argument', ['run', TOOLS], "missing required argument 'tool'", '`toolwarden run --help` shows what there is'],
    [
      'a flag with its value apart',
      ['run', TOOLS, 'greet', '--allow-write', './out'],
      "too many arguments for 'run'. Expected 2 arguments but got 3",
      'a flag\'s value follows "=", as in `--allow-write=./data`',
    ],
    ['a missing entrypoint', ['list', 'tols.ts'], 'the entrypoint tols.ts does not exist', 'did you mean `tools.ts`?'],
    ['a wrong address', ['mcp', TOOLS, '--http', 'x:y'], '--http takes a port or host:port, got "x:y"', 'write `--http 3000`'],
  ]) {
    test(`2: ${what}`, async () => {
      const project = bench.project({ files: { 'tools.ts': 'export default {}' } })
      const { code, stdout, stderr } = await cli(args, { cwd: project.dir })
      assert.ok(stderr.startsWith(`error: ${error}`), stderr)
      assert.ok(stderr.includes(`\nhint: ${hint}`), stderr)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }

  test('2: a permission flag that cannot be enforced is refused with the reason and its origin', async () => {
    const { code, stderr } = await toolwarden(['run', TOOLS, 'echo', '--allow-sys'])
    assert.match(stderr, /^error: bunPermissions\[0\] \(the permission flags\): .*--allow-sys.*cannot be enforced/m)
    assert.equal(code, 2)
  })
})

describe('configuration', () => {
  const bench = workbench()
  const entry = 'export default { loop: () => { for (;;); } }'

  test('flags win over variables, variables over toolwarden.json', async () => {
    const settings = JSON.stringify({ toolExecutionTimeout: '100ms' })
    const { dir } = bench.project({ files: { 'sub/tools.ts': entry, 'sub/toolwarden.json': settings } })
    const timeout = async (args, env) => {
      const { code, stderr } = await cli(['run', 'sub/tools.ts', 'loop', ...args], { cwd: dir, env })
      assert.equal(code, 4)
      return /timed out after (\d+) ms/.exec(stderr)?.[1]
    }
    const variable = { TOOLWARDEN_TOOL_EXECUTION_TIMEOUT: '200ms' }
    assert.equal(await timeout([], {}), '100')
    assert.equal(await timeout([], variable), '200')
    assert.equal(await timeout(['--timeout', '300ms'], variable), '300')
  })

  test('2: what is wrong is said with where it comes from', async () => {
    const project = bench.project({ files: { 'tools.ts': entry } })
    const failed = async (env = {}) => {
      const { code, stderr } = await cli(['list', 'tools.ts'], { cwd: project.dir, env })
      assert.equal(code, 2)
      return stderr
    }
    assert.match(await failed({ TOOLWARDEN_GRACE_PERIOD: 'soon' }), /^error: .*TOOLWARDEN_GRACE_PERIOD/m)
    project.write('toolwarden.json', '{"gracePeriod": "soon", "maxWorker": 2}')
    const both = await failed()
    assert.match(both, /^error: 2 problems in the configuration$/m)
    assert.match(both, /^ {2}gracePeriod \(.*toolwarden\.json\): /m)
    assert.match(both, /^ {2}maxWorker \(.*toolwarden\.json\): .*maxWorkers/m)
    project.write('toolwarden.json', '{"gracePeriod": }')
    assert.match(await failed(), /^error: .*toolwarden\.json is not JSON: expected value at line 1, column 17$/m)
    project.write('toolwarden.json', '[]')
    assert.match(await failed(), /^error: .*toolwarden\.json must hold an object$/m)
  })
})
