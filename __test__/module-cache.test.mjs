import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { REAL_BUN } from './support/project.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** Bun does not cache small files. */
const LARGE = Array.from({ length: 200 }, (_, at) => `exports.f${at} = (a) => a + ${at}`).join('\n')
const LARGE_MODULE = LARGE.replaceAll(/exports\.(\w+) =/g, 'export const $1 =')
/** The effects that the code would have if it ran: both kinds of modules, and one that only a condition loads. */
const PLANT = `
const { readdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
const said = []
for (const name of readdirSync(${'`${process.cwd()}/.toolwarden`'}).filter((name) => name.endsWith('.modules'))) {
  try { writeFileSync(${'`${process.cwd()}/.toolwarden/${name}/planted.pile`'}, 'x'); said.push('written') } catch (error) { said.push(error.code) }
}
`
const FILES = {
  'package.json': '{ "type": "module" }',
  'module.mjs': `${PLANT}\nexport const ofModule = said\n${LARGE_MODULE}`,
  'common.cjs': `${PLANT}\nexports.ofCommon = said\n${LARGE}`,
  'required.cjs': LARGE,
  'lazy.ts': `export const lazy: string = 'lazy'\n${LARGE_MODULE}`,
  'broken.mjs': `export const broken = (\n${LARGE_MODULE}`,
  'tools.mjs': `
import { createRequire } from 'node:module'
import { ofModule } from './module.mjs'
import common from './common.cjs'
const require = createRequire(import.meta.url)
export const use = async () => ({ ofModule, ofCommon: common.ofCommon, f: require('./required.cjs').f7(1), lazy: (await import('./lazy.ts')).lazy, cache: process.env.BUN_RUNTIME_TRANSPILER_CACHE_PATH ?? null })
export const parse = () => import('./broken.mjs').then(() => 'parsed', () => 'refused')
`,
}

const cachesOf = ({ path }) => (existsSync(path('.toolwarden')) ? readdirSync(path('.toolwarden')).filter((name) => name.endsWith('.modules')) : [])
const pilesOf = (directory) => readdirSync(directory).filter((name) => name.endsWith('.pile'))

describe("Bun's cache of transpiled modules", () => {
  const bench = workbench()
  const open = (project, config) => bench.open(project, { entrypointPath: 'tools.mjs', isolation: 'call', minWorkers: 0, ...config })
  /**
   * Makes enough calls for the cache to be made, then waits until it is complete: processes that use it no longer
   * report that it is absent.
   */
  const filled = async (project, manager) => {
    for (let call = 0; call < 5; call += 1) await manager.executeTool('use')
    const [name] = await until(() => cachesOf(project).length > 0 && cachesOf(project), 'the cache to be made')
    const directory = project.path(`.toolwarden/${name}`)
    await until(() => pilesOf(directory).length >= 4, 'the cache to be filled')
    return directory
  }

  for (const flags of [[], ['--allow-read=LISTED']]) {
    it(`contains the same as Bun's own cache, and no code of the project ran to write it, with ${flags.join(' ') || 'no flag'}.`, async () => {
      const project = bench.project({ files: FILES })
      mkdirSync(project.path('listed'))
      const manager = open(project, { bunPermissions: flags.map((flag) => flag.replace('LISTED', project.path('listed'))) })
      const directory = await filled(project, manager)
      assert.ok(!existsSync(join(directory, 'planted.pile')))
      // The same files in another place, run without a sandbox.
      const twin = bench.project({ files: FILES })
      const own = twin.path('own')
      mkdirSync(own)
      mkdirSync(twin.path('.toolwarden/twin.modules'), { recursive: true })
      const env = { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: own }
      const script = "const t = await import('./tools.mjs'); await t.use(); await t.parse()"
      execFileSync(REAL_BUN, ['--no-env-file', '--config=/dev/null', '--no-install', '-e', script], { cwd: twin.dir, env })
      assert.ok(existsSync(twin.path('.toolwarden/twin.modules/planted.pile')))
      const theirs = pilesOf(own)
      assert.ok(theirs.length >= 4, theirs.join())
      await until(() => theirs.every((name) => existsSync(join(directory, name))), 'the cache to be filled')
      for (const name of theirs) assert.deepEqual(readFileSync(join(directory, name)), readFileSync(join(own, name)), name)
      // The same code does run, and is refused, where tools run.
      const said = await manager.executeTool('use')
      assert.deepEqual(said, { ofModule: ['EACCES'], ofCommon: ['EACCES'], f: 8, lazy: 'lazy', cache: null })
      assert.equal(await manager.executeTool('parse'), 'refused')
      assert.deepEqual(pilesOf(directory).filter((name) => name === 'planted.pile'), [])
      await manager.close()
      assert.ok(!existsSync(project.path('.toolwarden')))
    })
  }

  it('is what later processes run, so that it matters who can write there.', async () => {
    const files = (/** @type {string} */ mark) => ({ 'tools.mjs': "import { mark } from './module.mjs'\nexport const use = () => mark\n", 'module.mjs': `export const mark = '${mark}'\n${LARGE_MODULE}` })
    const project = bench.project({ files: files('as it is written') })
    const manager = open(project, { bunPermissions: [] })
    for (let call = 0; call < 5; call += 1) assert.equal(await manager.executeTool('use'), 'as it is written')
    const holding = (/** @type {string} */ directory, /** @type {string} */ text) => pilesOf(directory).find((name) => readFileSync(join(directory, name)).includes(text))
    const [cache] = await until(() => cachesOf(project).length > 0 && cachesOf(project), 'the cache to be made')
    const directory = project.path(`.toolwarden/${cache}`)
    const name = await until(() => holding(directory, 'as it is written'), 'the module to be kept')
    // The cache entry of another module under this module's name, which is also in its header.
    const other = bench.project({ files: files('as it is planted') })
    execFileSync(REAL_BUN, ['--no-env-file', '--config=/dev/null', '--no-install', '-e', "await import('./module.mjs')"], {
      cwd: other.dir,
      env: { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: other.path('own') },
    })
    const theirs = holding(other.path('own'), 'as it is planted')
    const planted = readFileSync(other.path(`own/${theirs}`))
    const head = planted.indexOf(Buffer.from(theirs.slice(0, 16), 'hex'))
    Buffer.from(name.slice(0, 16), 'hex').copy(planted, head)
    writeFileSync(join(directory, name), planted)
    // The process that made the cache may still be ending.
    const latest = Date.now() + 10_000
    let said
    do said = await manager.executeTool('use')
    while (said !== 'as it is planted' && Date.now() < latest)
    assert.equal(said, 'as it is planted')
  })

  it('lacks what only the run can name, which Bun tries to add in vain: that is no denial of the tool.', async () => {
    const tools = "import './module.mjs'\nexport const use = async ({ name = './module.mjs' } = {}) => Object.keys(await import(name)).length\n"
    const project = bench.project({ files: { 'tools.mjs': tools, 'module.mjs': LARGE_MODULE, 'named.mjs': LARGE_MODULE.replaceAll('+', '-') } })
    const manager = open(project, { bunPermissions: [] })
    const records = []
    manager.on('execution', (record) => records.push(record))
    const [cache] = await (async () => {
      for (let call = 0; call < 5; call += 1) await manager.executeTool('use', {})
      return until(() => cachesOf(project).length > 0 && cachesOf(project), 'the cache to be made')
    })()
    const directory = project.path(`.toolwarden/${cache}`)
    await until(() => pilesOf(directory).length > 0, 'the module to be kept')
    for (let call = 0; call < 20; call += 1) assert.equal(await manager.executeTool('use', { name: './named.mjs' }), 200)
    assert.equal(records.length, 25)
    assert.deepEqual(records.flatMap((record) => record.denials), [])
  })

  it('is not made where a tool could write to it, and goes with a manager that closes while it is made.', async () => {
    const project = bench.project({ files: FILES })
    const writing = open(project, { bunPermissions: [`--allow-write=${project.dir}`] })
    const closing = open(project, { bunPermissions: [] })
    for (let call = 0; call < 8; call += 1) {
      await writing.executeTool('use')
      assert.deepEqual(cachesOf(project), [])
    }
    for (let call = 0; call < 4; call += 1) await closing.executeTool('use')
    await until(() => cachesOf(project).length > 0, 'the cache to be made')
    await closing.close()
    await writing.close()
    await until(() => !existsSync(project.path('.toolwarden')), 'the directory to be gone')
  })
})
