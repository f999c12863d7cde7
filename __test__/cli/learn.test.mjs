/** `toolwarden learn`: what it prints, writes and exits with. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import '../support/about-the-sandbox.mjs'
import { difference, withLessons } from '../../js/cli/learn/merge.js'
import { cli } from '../support/cli.mjs'
import { workbench } from '../support/workbench.mjs'

describe('toolwarden learn', () => {
  const bench = workbench()

  /** A project, a directory beside it, and the command in the project; trust is remembered in a directory of its own. */
  function site() {
    const project = bench.project({ files: { 'package.json': '{"type":"module"}', '.env': 'KEY=1' } })
    project.copyTools('learning.mjs', 'tools.mjs')
    const outside = bench.project({ files: { 'a.txt': 'a', 'b.txt': 'b' } })
    const config = bench.project()
    const env = { XDG_CONFIG_HOME: config.dir, LEARN_SECRET: 'hush' }
    const learn = (...args) => cli(['learn', 'tools.mjs', ...args], { cwd: project.dir, env })
    const settings = () => JSON.parse(readFileSync(project.path('toolwarden.json'), 'utf8'))
    return { project, outside, learn, settings }
  }
  const reading = (path) => JSON.stringify({ paths: [path] })

  test('prints the flags of each tool, aligned, and that nothing is enforced meanwhile.', async () => {
    const { project, outside, learn } = site()
    project.write('calls.jsonl', [`{"tool":"read","input":${reading(outside.path('a.txt'))}}`, '', '{"tool":"variable","input":{"name":"LEARN_SECRET"}}', '{"tool":"nothing"}'].join('\n'))
    const { code, stdout, stderr } = await learn('--inputs', 'calls.jsonl')
    assert.equal(code, 0, stderr)
    assert.deepEqual(stdout.split('\n'), ['nothing     no flags', `read        --allow-read=${outside.path('a.txt')}`, 'variable    --allow-env=LEARN_SECRET', ''])
    assert.match(stderr, /the tools run for real, and nothing that they do is refused/)
    assert.doesNotMatch(stderr, /ToolwardenWarning/)
  })

  test('prints everything that was found as JSON, and Node\'s words for Node.', async () => {
    const { outside, learn } = site()
    const { code, stdout } = await learn('read', '--input', reading(outside.path('a.txt')), '--json', '--runtime', 'node')
    assert.equal(code, 0)
    const { read } = JSON.parse(stdout)
    assert.deepEqual(read, { flags: [`--allow-fs-read=${outside.path('a.txt')}`], beyond: [], leftOut: [], notices: [], calls: 1, failed: 0 })
  })

  test('names a secret, and what a tool did before it failed; a failure is exit code 1.', async () => {
    const { project, learn } = site()
    const { code, stdout, stderr } = await learn('fails', '--input', JSON.stringify({ path: project.path('.env') }))
    assert.equal(code, 1)
    assert.equal(stdout, 'fails    --allow-read=./.env\n')
    assert.match(stderr, /failed: tool fails threw: after it has read/)
    assert.match(stderr, /note: fails: .*\.env looks like a secret/)
    assert.match(stderr, /note: fails: 1 of 1 calls failed/)
  })

  test('writes toolwarden.json after it has shown what changes; what is there keeps its place and is enough then.', async () => {
    const { project, outside, learn, settings } = site()
    writeFileSync(project.path('toolwarden.json'), '{\n\t"toolExecutionTimeout": "9s",\n\t"tools": {\n\t\t"list": { "gracePeriod": 0 }\n\t},\n\t"maxQueue": 7\n}\n')
    const input = ['read', '--input', reading(outside.path('a.txt'))]
    const first = await learn(...input, '--write')
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stderr, /^\+ .*"read": \{$/m)
    assert.ok(first.stderr.indexOf('+ ') < first.stderr.indexOf('wrote '), first.stderr)
    assert.deepEqual(Object.keys(settings()), ['toolExecutionTimeout', 'tools', 'maxQueue'])
    assert.deepEqual(settings().tools, { list: { gracePeriod: 0 }, read: { bunPermissions: [`--allow-read=${outside.path('a.txt')}`] } })
    assert.match(readFileSync(project.path('toolwarden.json'), 'utf8'), /^\t"tools"/m)
    assert.equal((await cli(['run', 'tools.mjs', ...input], { cwd: project.dir })).stdout, '["a"]\n')

    const second = await learn('read', '--input', reading(outside.path('b.txt')), '--write')
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(settings().tools.read.bunPermissions, [`--allow-read=${outside.path('a.txt')}`, `--allow-read=${outside.path('b.txt')}`])
    const third = await learn(...input, '--write')
    assert.match(third.stderr, /has all of it already/)
  })

  test('does not write into a file that the user has not agreed to.', async () => {
    const { project, learn } = site()
    const text = '{"bunPermissions":["--allow-all"]}'
    project.write('toolwarden.json', text)
    const { code, stderr } = await learn('nothing', '--write', '--allow-read=.')
    assert.equal(code, 2, stderr)
    assert.match(stderr, /was not written/)
    assert.equal(readFileSync(project.path('toolwarden.json'), 'utf8'), text)
  })

  test('with --check exits with 3 where a tool did what its flags do not allow, and names it.', async () => {
    const { project, outside, learn } = site()
    project.write('toolwarden.json', JSON.stringify({ tools: { read: { bunPermissions: [`--allow-read=${outside.path('a.txt')}`] } } }))
    const allowed = await learn('read', '--input', reading(outside.path('a.txt')), '--check')
    assert.equal(allowed.code, 0, allowed.stderr)
    const beyond = await learn('read', '--input', JSON.stringify({ paths: ['a.txt', 'b.txt'].map(outside.path) }), '--check')
    assert.equal(beyond.code, 3)
    assert.match(beyond.stderr, new RegExp(`denied: read did what its flags do not allow: --allow-read=${outside.path('b.txt')}\n`))
    // Flags of the command line go before those of the file, as for `run`.
    assert.equal((await learn('read', '--input', reading(outside.path('b.txt')), '--check', `--allow-read=${outside.dir}`)).code, 0)
  })

  test('with --within refuses what lies outside, and learns the rest.', async () => {
    const { outside, learn } = site()
    const within = ['--within', `--allow-read=${outside.dir}`]
    const inside = await learn('read', '--input', reading(outside.path('a.txt')), ...within)
    assert.deepEqual([inside.code, inside.stdout], [0, `read    --allow-read=${outside.path('a.txt')}\n`], inside.stderr)
    assert.match(inside.stderr, new RegExp(`the tools run for real, within --allow-read=${outside.dir}`))
    const other = await learn('write', '--input', JSON.stringify({ path: outside.path('made.txt') }), ...within)
    assert.deepEqual([other.code, other.stdout], [1, 'write    no flags\n'])
    assert.match(other.stderr, /failed: tool write was denied write access .*outside of what --within allows/)
    assert.throws(() => readFileSync(outside.path('made.txt')), { code: 'ENOENT' })
  })

  for (const [args, problem] of [
    [[], /nothing says which tools to run/],
    [['read', '--input', '{}', '--inputs', 'x.jsonl'], /--input and --inputs are both given/],
    [['read', '--inputs', 'missing.jsonl'], /missing\.jsonl cannot be read: ENOENT/],
    [['--inputs', 'calls.jsonl'], /calls\.jsonl:2 names no tool/],
    [['read', '--inputs', 'wrong.jsonl'], /wrong\.jsonl:1 has an unknown field "inputs"/],
    [['read', '--inputs', 'empty.jsonl'], /empty\.jsonl has no calls/],
    [['read', '--within'], /--within has no flags/],
    [['read', '--check', '--write'], /--check and --write are both given/],
    [['raed'], /tool raed not found/],
  ]) {
    test(`says what is wrong with "${args.join(' ')}".`, async () => {
      const { project, learn } = site()
      project.write('calls.jsonl', '{"tool":"nothing"}\n{"input":1}\n')
      project.write('wrong.jsonl', '{"inputs":1}\n')
      project.write('empty.jsonl', '\n')
      const { code, stdout, stderr } = await learn(...args)
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, problem)
    })
  }
})

describe('What was learnt', () => {
  const lesson = (flags, beyond = flags) => ({ flags, beyond, leftOut: [], notices: [], calls: 1, failed: 0 })

  test('becomes an entry of its own, also beside one for several tools that has no list.', () => {
    const settings = { tools: { 'files/*': { gracePeriod: 1 } } }
    assert.deepEqual(withLessons(settings, { 'files/read': lesson(['--allow-read=./a']) }, 'bun'), {
      tools: { 'files/*': { gracePeriod: 1 }, 'files/read': { bunPermissions: ['--allow-read=./a'] } },
    })
    assert.deepEqual(withLessons({}, { read: lesson(['--allow-fs-read=./a']) }, 'node'), { tools: { read: { nodeOptions: ['--permission', '--allow-fs-read=./a'] } } })
  })

  test('is added to the list that is in force, and takes nothing away.', () => {
    const settings = { tools: { 'files/*': { bunPermissions: ['--allow-net=a.test'] } } }
    assert.deepEqual(withLessons(settings, { 'files/read': lesson(['--allow-net=a.test', '--allow-read=./a'], ['--allow-read=./a']) }, 'bun').tools, {
      'files/*': { bunPermissions: ['--allow-net=a.test', '--allow-read=./a'] },
    })
    assert.deepEqual(settings.tools['files/*'].bunPermissions, ['--allow-net=a.test'])
  })

  test('is shown as the lines that differ.', () => {
    assert.deepEqual(difference('', 'a\nb\n'), ['+ a', '+ b'])
    assert.deepEqual(difference('a\n', 'a\n'), [])
    assert.deepEqual(difference('1\n2\n3\nold\n4\n5\n6\n', '1\n2\n3\nnew\nmore\n4\n5\n6\n'), ['  2', '  3', '- old', '+ new', '+ more', '  4', '  5'])
    assert.deepEqual(difference('a\na\n', 'a\n'), ['  a', '- a'])
  })
})
