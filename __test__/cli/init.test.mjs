import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

import { writeFiles } from '../../js/cli/init/write-files.js'
import { cli } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const WRITTEN = ['.mcp.json', 'notes', 'tools.test.mjs', 'tools.ts', 'toolwarden.json']

/** Installs packages of this repository, and this repository itself, into a project. */
function install(project, ...names) {
  for (const name of names) {
    const place = project.path(`node_modules/${name}`)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(name === 'toolwarden' ? ROOT : join(ROOT, 'node_modules', name), place)
  }
}

/** A PATH without a Bun: only the directory of an empty project. */
const noBun = (project) => ({ PATH: project.path('bin') })

describe('toolwarden init', () => {
  const bench = workbench()

  /** Runs a program in a project to its end. */
  async function ran(project, program, args) {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env
    const child = spawn(program, args, { cwd: project.dir, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => output.push(text))
    const [code] = await bounded(once(child, 'close'), `${program} ${args.join(' ')}`)
    return { code, output: output.join('') }
  }

  test('writes a project whose next two commands work as they are said.', needsSandbox, async () => {
    const project = bench.project()
    install(project, 'toolwarden', 'bun', '@modelcontextprotocol/sdk')
    mkdirSync(project.path('node_modules/.bin'))
    symlinkSync(join(ROOT, 'js/cli/bin.js'), project.path('node_modules/.bin/toolwarden'))
    const { code, stdout, stderr } = await cli(['init'], { cwd: project.dir })
    assert.deepEqual([code, stdout], [0, ''])
    assert.deepEqual(readdirSync(project.dir).filter((name) => name !== 'node_modules').toSorted(), WRITTEN)
    const [run, testing, ...more] = stderr.split('next:\n')[1].trimEnd().split('\n').map((line) => line.trim())
    assert.deepEqual([testing, more], ['node --test', []])
    assert.doesNotMatch(stderr, /npm install/)

    const [first, ...words] = [...run.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare)
    assert.equal(first, 'npx')
    assert.equal(words.shift(), 'toolwarden')
    const done = await cli(words, { cwd: project.dir })
    assert.deepEqual([done.code, done.stdout], [0, '"Hello from a note.\\n"\n'], done.stderr)
    // With the Node of this PATH, and with the runtime that runs this test.
    const tested = await ran(project, 'node', ['--test'])
    assert.equal(tested.code, 0, tested.output)
    assert.match(tested.output, /pass 3\b/)
    const again = await ran(project, process.execPath, process.versions.bun ? ['test'] : ['tools.test.mjs'])
    assert.equal(again.code, 0, again.output)
  })

  test('writes permissions that hold: the tool that reads reads notes only.', needsSandbox, async () => {
    const project = bench.project()
    await cli(['init'], { cwd: project.dir })
    const denied = await cli(['run', 'tools.ts', 'read_note', '--input', '{"name":"/etc/passwd"}'], { cwd: project.dir })
    assert.equal(denied.code, 3)
    assert.match(denied.stderr, /^error: tool read_note was denied read access to \/etc\/passwd/m)
    const counted = await cli(['run', 'tools.ts', 'word_count', '--input', '{"text":" one  two\\nthree "}'], { cwd: project.dir })
    assert.deepEqual([counted.code, counted.stdout], [0, '3\n'])
  })

  test('writes a configuration with which an MCP client finds both tools.', needsSandbox, async () => {
    const project = bench.project()
    await cli(['init'], { cwd: project.dir })
    const { command, args, type } = JSON.parse(readFileSync(project.path('.mcp.json'), 'utf8')).mcpServers.tools
    assert.deepEqual([type, command, args[0]], ['stdio', 'npx', 'toolwarden'])
    const client = new Client({ name: 'test', version: '1' })
    // The command as npx would run it, without asking a registry.
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(ROOT, 'js/cli/bin.js'), ...args.slice(1)], cwd: project.dir }))
    const { tools } = await client.listTools()
    assert.deepEqual(tools.map(({ name }) => name).toSorted(), ['read_note', 'word_count'])
    await client.close()
  })

  test('names the packages that are missing, and only those.', async () => {
    const empty = bench.project()
    const all = await cli(['init'], { cwd: empty.dir, env: noBun(empty) })
    assert.match(all.stderr, /^they need packages that are not here: `npm install toolwarden bun @modelcontextprotocol\/sdk`$/m)
    const some = bench.project({ files: { 'node_modules/toolwarden/package.json': '{}', 'sub/bin/bun': '' } })
    const below = await cli(['init'], { cwd: some.path('sub'), env: { PATH: some.path('sub/bin') } })
    assert.match(below.stderr, /`npm install @modelcontextprotocol\/sdk`$/m)
    assert.deepEqual([all.code, below.code], [0, 0])
  })

  for (const name of WRITTEN) {
    test(`2: overwrites no ${name}, and writes nothing.`, async () => {
      const project = bench.project()
      // A link that leads nowhere: a file would be made where it points to.
      symlinkSync(project.path('elsewhere'), project.path(name))
      const { code, stdout, stderr } = await cli(['init'], { cwd: project.dir })
      assert.deepEqual([code, stdout], [2, ''])
      assert.equal(stderr, `error: ${name} exists already\nhint: run it in an empty directory, or move these away first; nothing was written\n`)
      assert.deepEqual(readdirSync(project.dir), [name])
      assert.ok(lstatSync(project.path(name)).isSymbolicLink())
    })
  }

  test('2: names everything that is in the way.', async () => {
    const project = bench.project({ files: { 'tools.ts': 'export default {}', 'notes/mine.txt': 'mine' } })
    const { code, stderr } = await cli(['init'], { cwd: project.dir })
    assert.match(stderr, /^error: tools\.ts, notes exist already$/m)
    assert.equal(code, 2)
    assert.equal(readFileSync(project.path('tools.ts'), 'utf8'), 'export default {}')
    assert.equal((await cli(['init', 'there'], { cwd: project.dir })).code, 2)
  })

  test('takes back what it wrote where a file appears meanwhile.', () => {
    const project = bench.project()
    const files = [['a.txt', 'one'], ['sub/b.txt', 'two'], ['a.txt', 'as if another program had written it']]
    assert.throws(() => writeFiles(project.dir, files), { message: 'a.txt exists already' })
    assert.deepEqual(readdirSync(project.dir), [])
  })
})
