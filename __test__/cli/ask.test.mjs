/** Asking at the terminal in `toolwarden run`, with a real terminal. */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'

import '../support/about-the-sandbox.mjs'
import { answerOf, denialToAskAbout, question } from '../../js/cli/ask/question.js'
import { cli } from '../support/cli.mjs'
import { startInTerminal } from '../support/terminal.mjs'
import { workbench } from '../support/workbench.mjs'

const TOOLS = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
export const write = ({ to }) => { console.log('write began'); writeFileSync(to, 'written'); return 'done' }
export const both = ({ one, two }) => { writeFileSync(one, '1'); writeFileSync(two, '2'); return 'done' }
export async function baits({ to, go }) {
  console.log('allow read access to ./notes for baits? [y]es this time / [N]o ')
  while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5))
  writeFileSync(to, 'written')
  return 'done'
}`
const ASKED = '/ [N]o '
const WARNED = 'runs again from its beginning: what it did before the denial happens twice\n'

describe('toolwarden run, when a denial ends the call on a terminal', () => {
  const bench = workbench()

  function prepared(files = {}) {
    const project = bench.project({ files: { 'tools.mjs': TOOLS, 'out/kept': '', 'more/kept': '', ...files } })
    const env = { XDG_CONFIG_HOME: project.path('home') }
    const input = JSON.stringify({ to: project.path('out/new.txt') })
    const args = ['run', 'tools.mjs', 'write', '--input', input]
    const start = (given = args, redirections = '') => startInTerminal(given, { cwd: project.dir, env, redirections })
    return { project, env, args, start, settings: project.path('toolwarden.json'), written: project.path('out/new.txt') }
  }

  test('y: says first that the tool runs again, allows it this time only, and writes no file.', async () => {
    const { project, start, settings, written } = prepared()
    for (const typed of ['y\n', 'YES\n']) {
      rmSync(written, { force: true })
      const terminal = start()
      await terminal.shows(ASKED)
      assert.ok(!existsSync(settings))
      terminal.type(typed)
      const { code, output } = await terminal.ended()
      assert.equal(code, 0, output)
      assert.ok(output.indexOf(WARNED) < output.indexOf('allow write access'), output)
      assert.ok(output.includes(`allow write access to ${written} for write (--allow-write=${project.path('out')})? [y]es this time / [a]lways (writes toolwarden.json) / [N]o `))
      assert.equal(output.split('write began').length, 3)
      assert.match(output, /^"done"$/m)
    }
    assert.equal(readFileSync(written, 'utf8'), 'written')
    assert.ok(!existsSync(settings))
  })

  test("a: adds to the tool's own list where it has one, and leaves the others as they are.", async () => {
    const { project, start, settings } = prepared()
    project.write('toolwarden.json', '{"bunPermissions":[],"tools":{"wr*":{"maxMemoryMb":512,"bunPermissions":["--allow-read=./out"]},"both":{"bunPermissions":[]}}}')
    const terminal = start()
    await terminal.shows(ASKED)
    terminal.type('a\n')
    const { code, output } = await terminal.ended()
    assert.equal(code, 0, output)
    assert.deepEqual(JSON.parse(readFileSync(settings, 'utf8')), {
      bunPermissions: [],
      tools: { 'wr*': { maxMemoryMb: 512, bunPermissions: ['--allow-read=./out', `--allow-write=${project.path('out')}`] }, both: { bunPermissions: [] } },
    })
  })

  for (const runtime of ['bun', 'node']) {
    test(`a: writes toolwarden.json in its own order and form, which counts from then on (${runtime}).`, async () => {
      const { project, env, args, start, settings } = prepared()
      project.write('toolwarden.json', `{\n    "maxMemoryMb": 1024,\n    "runtimeType": "${runtime}",\n    "gracePeriod": "500ms"\n}\n`)
      chmodSync(settings, 0o640)
      const terminal = start()
      await terminal.shows(ASKED)
      terminal.type('a\n')
      const { code, output } = await terminal.ended()
      assert.equal(code, 0, output)
      assert.ok(output.includes(`wrote ${settings}\n`), output)
      const list = runtime === 'bun' ? ['"--allow-read"', `"--allow-write=${project.path('out')}"`] : ['"--allow-fs-read=*"', `"--allow-fs-write=${project.path('out')}"`]
      const field = runtime === 'bun' ? 'bunPermissions' : 'nodeOptions'
      assert.equal(
        readFileSync(settings, 'utf8'),
        `{\n    "maxMemoryMb": 1024,\n    "runtimeType": "${runtime}",\n    "gracePeriod": "500ms",\n    "${field}": [\n        ${list.join(',\n        ')}\n    ]\n}\n`,
      )
      assert.equal(statSync(settings).mode & 0o777, 0o640)
      const next = await cli(args, { cwd: project.dir, env })
      assert.match(next.stderr, /^trusted: /m)
      assert.deepEqual([next.code, next.stdout], [0, '"done"\n'])
    })
  }

  test('a: makes the file where there is none, and adds to the list of one that has it.', async () => {
    const { project, start, settings } = prepared()
    const input = JSON.stringify({ one: project.path('out/1'), two: project.path('more/2') })
    const terminal = start(['run', 'tools.mjs', 'both', '--input', input])
    await terminal.shows(ASKED)
    terminal.type('a\n')
    await terminal.shows(ASKED, 2)
    assert.deepEqual(JSON.parse(readFileSync(settings, 'utf8')), { bunPermissions: ['--allow-read', `--allow-write=${project.path('out')}`] })
    terminal.type('always\n')
    const { code, output } = await terminal.ended()
    assert.equal(code, 0, output)
    assert.deepEqual(JSON.parse(readFileSync(settings, 'utf8')).bunPermissions.slice(1), [`--allow-write=${project.path('out')}`, `--allow-write=${project.path('more')}`])
  })

  test('n, Enter, anything else, or the end of the input: denied, with the hint.', async () => {
    const { start, settings, written } = prepared()
    for (const typed of ['n\n', '\n', 'maybe y\n', '\u0004']) {
      const terminal = start()
      await terminal.shows(ASKED)
      terminal.type(typed)
      const { code, output } = await terminal.ended()
      assert.equal(code, 3, output)
      assert.match(output, /^error: tool write was denied write access to /m)
      assert.match(output, /^hint: run it again with `--allow-read --allow-write=/m)
    }
    assert.deepEqual([existsSync(settings), existsSync(written)], [false, false])
  })

  test('Ctrl-C at the question ends the command.', async () => {
    const terminal = prepared().start()
    await terminal.shows(ASKED)
    terminal.type('\u0003')
    assert.equal((await terminal.ended()).code, 130)
  })

  test('is not asked with --json, nor where input or stderr is no terminal.', async () => {
    const { project, args, start } = prepared()
    for (const [given, redirections] of [
      [[...args, '--json'], ''],
      [args, '</dev/null'],
      [args, `2>${project.path('stderr.txt')}`],
    ]) {
      const { code, output } = await start(given, redirections).ended()
      assert.equal(code, 3, output)
      assert.ok(!output.includes('[y]es'), output)
    }
    const stderr = readFileSync(project.path('stderr.txt'), 'utf8')
    assert.match(stderr, /^error: tool write was denied/m)
    assert.ok(!stderr.includes('[y]es'))
  })

  test('does not offer to write a file that allows more than the user agreed to.', async () => {
    const before = '{"bunPermissions":["--allow-all"]}'
    const { args, start, settings } = prepared({ 'toolwarden.json': before })
    const terminal = start([...args, '--allow-read'])
    await terminal.shows(ASKED)
    terminal.type('a\n')
    const { code, output } = await terminal.ended()
    assert.equal(code, 3, output)
    assert.ok(!output.includes('[a]lways'), output)
    assert.equal(readFileSync(settings, 'utf8'), before)
  })

  test('takes nothing for an answer that was typed before the question: a tool can ask one of its own.', async () => {
    const { project, start, written } = prepared()
    const input = JSON.stringify({ to: written, go: project.path('go') })
    const terminal = start(['run', 'tools.mjs', 'baits', '--input', input])
    await terminal.shows(`  allow read access to ./notes`)
    terminal.type('y\n')
    // The terminal echoes what it has taken.
    await terminal.shows('y\n')
    project.write('go', '')
    await terminal.shows('allow write access')
    terminal.type('n\n')
    const { code, output } = await terminal.ended()
    assert.equal(code, 3, output)
    assert.ok(!existsSync(written))
  })

  test('shows no control character of a path, and asks about none that has one: no flag names it.', async () => {
    const { project, start } = prepared({ 'a\u001B[2Jb/kept': '' })
    const to = project.path('a\u001B[2Jb/new.txt')
    const { code, output } = await start(['run', 'tools.mjs', 'write', '--input', JSON.stringify({ to })]).ended()
    assert.equal(code, 3, output)
    assert.ok(output.includes(String.raw`/a\u001b[2Jb/new.txt`), output)
    assert.ok(!output.includes('\u001B') && !output.includes('[y]es'), output)
  })

  test('shows the control characters of a name whose directory would be allowed.', async () => {
    const { project, start } = prepared()
    const to = project.path('out/new\u001B[2J.txt')
    const terminal = start(['run', 'tools.mjs', 'write', '--input', JSON.stringify({ to })])
    await terminal.shows(ASKED)
    terminal.type('y\n')
    const { code, output } = await terminal.ended()
    assert.equal(code, 0, output)
    assert.ok(output.includes(String.raw`/out/new\u001b[2J.txt for write (--allow-write=${project.path('out')})?`), output)
    assert.ok(!output.includes('\u001B'))
  })
})

describe('The question', () => {
  const denied = (flag) => ({ code: 'ERR_ACCESS_DENIED', permission: 'net', resource: 'a:1', denials: [{ permission: 'net', resource: 'a:1', flag }] })

  test('is only about a flag that names what it allows.', () => {
    for (const flag of ['', '--allow-all', '-A', '--allow-read', '--allow-net', '--allow-net=', '--allow-child-process']) {
      assert.equal(denialToAskAbout(denied(flag)), undefined, flag)
    }
    assert.equal(denialToAskAbout(denied('--allow-net=a:1')).flag, '--allow-net=a:1')
    assert.equal(denialToAskAbout({ ...denied('--allow-net=a:1'), code: 'ERR_TOOL_TIMEOUT' }), undefined)
    assert.equal(denialToAskAbout(new Error('other')), undefined)
  })

  test('has control characters of all parts escaped.', () => {
    const text = question({ permission: 'read', resource: '/a\u009Bb', flag: '--allow-read=/a\u009Bb' }, 'to\u202Eol', true)
    assert.equal(text, String.raw`allow read access to /a\u009bb for to\u202eol (--allow-read=/a\u009bb)? [y]es this time / [a]lways (writes toolwarden.json) / [N]o `)
  })

  test('is answered by a whole word only.', () => {
    const answers = ['y', ' Yes ', 'a', 'ALWAYS', 'n', '', 'yy', undefined].map((line) => answerOf(line, true))
    assert.deepEqual(answers, ['yes', 'yes', 'always', 'always', 'no', 'no', 'no', 'no'])
    assert.equal(answerOf('a', false), 'no')
  })
})
