import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** Ways to read a file, and the value that each returns for a file with the text "hello". */
const READS = {
  readFile: 'hello',
  readFileSync: 'hello',
  'Bun.file': 'hello',
  createReadStream: 'hello',
  'open-r': 5,
  'wrapped-as-cause': 'hello',
  'wrapped-in-aggregate': 'hello',
  'message-only': 'hello',
}

const tools = () => ({ tools: 'file-accesses.ts' })

describe('A refused read', () => {
  const bench = workbench()
  const setUp = () => {
    const outside = bench.project({ files: { 'in.txt': 'hello' } })
    return { outside, path: outside.path('in.txt'), ...caller(bench, bench.project(tools())) }
  }

  for (const [tool, value] of Object.entries(READS)) {
    it(`by ${tool} names the file, and is allowed by the flag of its hint.`, async () => {
      const { path, denied, follows } = setUp()
      const { error, denials } = await denied([], tool, { path })
      assert.equal(error.permission, 'read')
      assert.equal(error.resource, path)
      assert.ok(error.hint.includes(`--allow-read=${path}`), error.hint)
      assert.match(error.message, new RegExp(`^tool ${tool.replace('.', '\\.')} was denied read access to /`))
      assert.deepEqual(denials, [{ permission: 'read', resource: path, flag: `--allow-read=${path}` }])
      assert.deepEqual(await follows([], tool, { path }), { hinted: [`--allow-read=${path}`], value })
    })
  }

  for (const tool of ['readdir', 'opendir']) {
    it(`by ${tool} names the directory.`, async () => {
      const { outside, denied, follows } = setUp()
      const { error } = await denied([], tool, { path: outside.dir })
      assert.deepEqual([error.permission, error.resource], ['read', outside.dir])
      assert.deepEqual(await follows([], tool, { path: outside.dir }), { hinted: [`--allow-read=${outside.dir}`], value: ['in.txt'] })
    })
  }

  it('of a copy names what is copied.', async () => {
    const { outside, path, denied, follows } = setUp()
    const write = `--allow-write=${outside.dir}`
    const input = { path, to: outside.path('copy.txt') }
    assert.equal((await denied([write], 'copyFile-from', input)).error.resource, path)
    assert.deepEqual((await follows([write], 'copyFile-from', input)).hinted, [`--allow-read=${path}`])
  })

  it('carries what the tool threw as its cause.', async () => {
    const { path, denied } = setUp()
    const { error } = await denied([], 'wrapped-as-cause', { path })
    assert.equal(error.cause.message, 'no data')
    assert.equal(error.cause.cause.code, 'EACCES')
    assert.equal(error.toolId, 'wrapped-as-cause')
  })

  it('under a relative path is named by the absolute one.', async () => {
    const { outside, path, denied, follows } = setUp()
    const relative = `../${outside.dir.split('/').at(-1)}/./in.txt`
    assert.equal((await denied([], 'readFile', { path: relative })).error.resource, path)
    assert.equal((await follows([], 'readFile', { path: relative })).value, 'hello')
  })

  it('names a path with a comma so that its flag is one path.', async () => {
    const outside = bench.project({ files: { 'a,b.txt': 'hello' } })
    const { follows } = caller(bench, bench.project(tools()))
    const { hinted, value } = await follows([], 'readFile', { path: outside.path('a,b.txt') })
    assert.deepEqual({ hinted, value }, { hinted: [`--allow-read=${outside.dir}/a,,b.txt`], value: 'hello' })
  })
})

describe('A refused import', () => {
  const bench = workbench()
  const setUp = () => {
    const outside = bench.project({ files: { 'module.ts': 'export const one = 1', 'data.json': '{"one":1}' } })
    return { outside, ...caller(bench, bench.project(tools())) }
  }

  const IMPORTS = [
    ['import-dynamic', 'module.ts', 'module.ts', 1],
    ['import-dynamic', 'module', 'module.ts', 1],
    ['import-json', 'data.json', 'data.json', { one: 1 }],
    ['require', 'module.ts', 'module.ts', { one: 1 }],
  ]
  for (const [tool, specifier, file, value] of IMPORTS) {
    it(`(${tool} of ${specifier}) names the file and the directory that has to be readable.`, async () => {
      const { outside, denied, follows } = setUp()
      const { error } = await denied([], tool, { path: outside.path(specifier) })
      assert.deepEqual([error.permission, error.resource], ['read', outside.path(file)])
      const hinted = [`--allow-read=${outside.dir}`]
      assert.deepEqual(await follows([], tool, { path: outside.path(specifier) }), { hinted, value })
    })
  }

  it('of a module that is not there is no denial.', async () => {
    const { fails } = setUp()
    const { error, denials } = await fails([], 'import-dynamic', { path: '/nowhere/module.ts' })
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.deepEqual(denials, [])
  })

  const LOADS = {
    'a static import': (path) => `import { one } from '${path}'\nexport default { tool: () => one }`,
    'a static import relative to the entrypoint': (path) =>
      `import { one } from '../../${path.split('/').slice(2).join('/')}'\nexport default { tool: () => one }`,
    'a static import of JSON': (path) =>
      `import data from '${dirname(path)}/data.json' with { type: 'json' }\nexport default { tool: () => data.one }`,
    'a read at its top level': (path) =>
      `import { readFileSync } from 'node:fs'\nconst text = readFileSync('${path}', 'utf8')\nexport default { tool: () => text.length > 0 && 1 }`,
  }
  for (const [what, source] of Object.entries(LOADS)) {
    it(`keeps an entrypoint with ${what} from loading, and its hint lets it load.`, async () => {
      const outside = bench.project({ files: { 'module.ts': 'export const one = 1', 'data.json': '{"one":1}' } })
      const project = bench.project({ files: { 'src/tools.ts': source(outside.path('module.ts')) } })
      const open = (bunPermissions) => bench.open(project, { bunPermissions, minWorkers: 0, entrypointPath: 'src/tools.ts' })
      const error = await failure(open([]).executeTool('tool'))
      assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
      const flag = /add (-\S+) to `bunPermissions`/.exec(error.hint)?.[1]
      assert.ok(flag?.startsWith(`--allow-read=${outside.dir}`), error.hint)
      assert.equal(await open([flag]).executeTool('tool'), 1)
    })
  }
})
