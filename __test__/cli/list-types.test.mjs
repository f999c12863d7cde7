import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

import { cli, TOOLS } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { workbench } from '../support/workbench.mjs'

describe('toolwarden list', () => {
  const bench = workbench()
  const list = (...args) => cli(['list', ...args], { cwd: bench.project().dir })

  test('a table of ids, input fields and descriptions', async () => {
    const { code, stdout } = await list(TOOLS)
    const lines = stdout.split('\n')
    assert.match(lines[0], /^ID +INPUT +DESCRIPTION$/)
    assert.match(lines[1], /^greet +name, excited\? +Greets someone$/)
    assert.match(lines[2], /^text\/shout +string$/)
    assert.match(lines[3], /^echo +-$/)
    assert.equal(code, 0)
  })

  test('the flags of each tool, where settings of single tools make them differ', needsSandbox, async () => {
    const project = bench.project({ files: { 'tools.mjs': 'export const a = () => 1\nexport const b = () => 2\n', 'toolwarden.json': '{"bunPermissions":[],"tools":{"b":{"bunPermissions":["--allow-read=/etc"]}}}' } })
    const { stdout } = await cli(['list', 'tools.mjs'], { cwd: project.dir })
    assert.match(stdout, /^ID +INPUT +ALLOWED +DESCRIPTION\na +- +nothing\nb +- +--allow-read=\/etc\n$/)
    const listed = JSON.parse((await cli(['list', 'tools.mjs', '--json'], { cwd: project.dir })).stdout)
    assert.deepEqual(listed.map(({ permissions }) => permissions), [[], ['--allow-read=/etc']])
    const overruled = JSON.parse((await cli(['list', 'tools.mjs', '--json'], { cwd: project.dir, env: { TOOLWARDEN_BUN_PERMISSIONS: '--allow-read=/usr' } })).stdout)
    assert.deepEqual(overruled.map(({ permissions }) => permissions), [['--allow-read=/usr'], ['--allow-read=/usr']])
  })

  test('--json has the schemas', async () => {
    const { stdout } = await list(TOOLS, '--json')
    const greet = JSON.parse(stdout).find(({ id }) => id === 'greet')
    assert.deepEqual(greet.inputSchema.required, ['name'])
    assert.equal(greet.inputSchema.properties.name.description, 'who')
  })

  test('what is readable without a flag is counted, and named when asked', needsSandbox, async () => {
    const { stderr } = await list(TOOLS)
    assert.match(stderr, /^\d+ paths may be read without a flag: `--readable` names them\n$/)
    const { stdout } = await list(TOOLS, '--readable')
    assert.match(stdout, /\nREADABLE WITHOUT A FLAG\n(\/.*\n)+\/proc\/self\/maps\n/)
    const both = JSON.parse((await list(TOOLS, '--readable', '--json')).stdout)
    assert.ok(both.tools.some(({ id }) => id === 'greet'))
    assert.ok(both.readable.includes('/proc/self/maps'))
  })

  test('an entrypoint without tools says so', async () => {
    const project = bench.project({ files: { 'empty.ts': 'export default {}' } })
    const { code, stdout, stderr } = await cli(['list', 'empty.ts'], { cwd: project.dir })
    assert.deepEqual([code, stdout, stderr], [0, '', 'empty.ts exports no tools\n'])
  })
})

describe('toolwarden types', () => {
  const bench = workbench()

  test('prints or writes the declaration', async () => {
    const { dir, path } = bench.project()
    const printed = await cli(['types', TOOLS], { cwd: dir })
    assert.match(printed.stdout, /declare module 'toolwarden' \{\n {2}interface ToolTypes \{/)
    assert.match(printed.stdout, /greet: \{\n {6}input: \{\n {8}\/\*\* who \*\/\n {8}name: string\n {8}excited\?: boolean\n/)
    const written = await cli(['types', TOOLS, '--out', 'types/tools.d.ts'], { cwd: dir })
    assert.deepEqual([written.code, written.stdout, written.stderr], [0, '', 'types/tools.d.ts: 13 tools\n'])
    assert.equal(readFileSync(path('types/tools.d.ts'), 'utf8'), printed.stdout)
  })
})
