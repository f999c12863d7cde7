import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

import { BULK, kept, PROBE, verdict } from './support/entrypoint-cache.mjs'
import { failure } from './support/outcomes.mjs'
import { ownChildren } from './support/processes.mjs'
import { REAL_BUN } from './support/project.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

/** A fake runtime that writes a file once it has bundled. */
function spyRuntime(project) {
  const path = project.write('runtime.sh', `#!/bin/sh\ncase "$*" in *" -e "*) ${REAL_BUN} "$@"; : > ${project.path('has-bundled')} ;; *) exec ${REAL_BUN} "$@" ;; esac\n`)
  chmodSync(path, 0o755)
  return { runtimePath: path, hasBundled: () => until(() => existsSync(project.path('has-bundled')), 'the bundler to end') }
}

describe('The entrypoint cache', () => {
  const bench = workbench()
  const make = (files) => bench.project({ files: { 'probe.ts': `export const probe = 1\n${BULK}`, ...files } })
  const open = (project, config) => bench.open(project, { entrypointCache: true, minWorkers: 0, ...config })

  /** Makes calls until a process imported the bundle. */
  const bundled = (manager) => until(async () => (await manager.executeTool('from')) === 'bundle', 'a process that imported the bundle')
  /** Makes calls until the bundler has reported something, and returns the report. */
  const refused = async (manager, project) => {
    await manager.executeTool('from')
    return (await until(() => verdict(project), 'a verdict')).refused
  }

  it('is off by default, and then nothing is kept.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const manager = bench.open(project)
    assert.equal(manager.config.entrypointCache, false)
    assert.equal(await manager.executeTool('from'), 'source')
    await manager.close()
    assert.deepEqual(readdirSync(project.dir).toSorted(), ['probe.ts', 'tools.ts'])
  })

  it('lets the first processes start from the source, and later ones from the bundle.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const manager = open(project)
    assert.equal(await manager.executeTool('from'), 'source')
    await bundled(manager)
    assert.match(verdict(project).bundled, /^[0-9a-f]{16}$/)
  })

  describe('with a package that declares no side effects, one of whose modules imports another for nothing,', () => {
    const files = (more) => ({
      'tools.ts': `import { value } from 'pure'\n${PROBE}export const loaded = () => [value, globalThis.loaded]\n`,
      'node_modules/pure/package.json': '{"name":"pure","type":"module","sideEffects":false,"main":"main.js"}',
      'node_modules/pure/main.js': "import * as all from './unused.js'\nexport * from './value.js'\nexport { all as default }\n",
      'node_modules/pure/unused.js': '(globalThis.loaded ??= []).push(1)\nexport const q = 1\n',
      'node_modules/pure/value.js': `${more}export const value = 'value'\n`,
    })

    it('bundles it where the other is there all the same, and runs it once.', async () => {
      const manager = open(make(files("import './unused.js'\n")))
      await bundled(manager)
      assert.deepEqual(await manager.executeTool('loaded'), ['value', [1]])
    })

    it('runs the source where the bundle would lack the other.', async () => {
      const project = make(files(''))
      const manager = open(project)
      assert.match(await refused(manager, project), /main\.js imports \.\/unused\.js, which was not found$/)
      assert.deepEqual(await manager.executeTool('loaded'), ['value', [1]])
    })
  })

  it('keeps the bundle with workerFilePerm, for the next manager to begin with.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const first = open(project, { workerFilePerm: 0o640 })
    await bundled(first)
    await first.close()
    assert.deepEqual(kept(project).map((name) => name.replace(/^bundle-\w{16}(-\w{16})?/, '')).toSorted(), ['.js', '.js.jsc', '.js.map', '.json'])
    for (const name of kept(project)) assert.equal(statSync(join(project.dir, '.toolwarden', name)).mode & 0o777, 0o640, name)
    assert.equal(await open(project, { workerFilePerm: 0o640 }).executeTool('from'), 'bundle')
  })

  for (const [what, change] of [
    ['the entrypoint', (project) => project.write('tools.ts', PROBE.replace('from', 'changed = 1\nexport const from'))],
    ['a module it imports', (project) => project.write('dep.ts', "export const value = 'new'\n")],
    ['a module it imports, renamed over', (project) => {
      project.write('other.ts', "export const value = 'new'\n")
      renameSync(project.path('other.ts'), project.path('dep.ts'))
    }],
    ['what an import finds', (project) => project.write('dep.tsx', "export const value = 'new'\n")],
    ['where a package is found', (project) => {
      mkdirSync(project.path('src/node_modules'))
      project.write('src/node_modules/pack/package.json', '{"name":"pack","main":"main.js","type":"module"}')
      project.write('src/node_modules/pack/main.js', "export const pack = 'near'\n")
    }],
  ]) {
    it(`gives way to the source at once when that changes: ${what}.`, async () => {
      const project = make({
        'tools.ts': `${PROBE}import { value } from './dep'\nimport { pack } from './src/uses.ts'\nexport const seen = () => [value, pack]\n`,
        'dep.ts': "export const value = 'old'\n",
        'src/uses.ts': "export { pack } from 'pack'\n",
        'node_modules/pack/package.json': '{"name":"pack","main":"main.js","type":"module"}',
        'node_modules/pack/main.js': "export const pack = 'far'\n",
      })
      const manager = open(project)
      await bundled(manager)
      change(project)
      // The very next process must not use the old state.
      assert.equal(await manager.executeTool('from'), 'source')
      if (what !== 'the entrypoint') assert.notDeepEqual(await manager.executeTool('seen'), ['old', 'far'])
      const fresh = open(project)
      await bundled(fresh)
      if (what !== 'the entrypoint') assert.notDeepEqual(await fresh.executeTool('seen'), ['old', 'far'])
    })
  }

  it('does not give way to files that no import asks for.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const manager = open(project)
    await bundled(manager)
    project.write('result.csv', '1,2')
    project.write('out/result.json', '{}')
    assert.equal(await manager.executeTool('from'), 'bundle')
  })

  it('gives way when the bundle itself was touched.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const manager = open(project)
    await bundled(manager)
    const file = kept(project).find((name) => name.endsWith('.js'))
    writeFileSync(join(project.dir, '.toolwarden', file), 'throw new Error("planted")')
    assert.equal(await manager.executeTool('from'), 'source')
  })

  it('removes a bundle that was replaced, and all of them when the entrypoint is gone.', async () => {
    const project = make({ 'tools.ts': PROBE })
    const first = open(project)
    await bundled(first)
    await first.close()
    const old = kept(project).find((name) => name.endsWith('.js'))
    project.write('tools.ts', `${PROBE}export const more = 1\n`)
    const second = open(project)
    await bundled(second)
    await second.close()
    assert.equal(kept(project).filter((name) => name.endsWith('.js')).length, 1)
    assert.ok(!kept(project).includes(old))
    renameSync(project.path('tools.ts'), project.path('moved.ts'))
    const third = open(project, { entrypointPath: 'moved.ts', entrypointCache: false })
    await third.executeTool('from')
    await third.close()
    assert.deepEqual(kept(project), [])
  })

  it('is shared by managers that open, call and close at once.', async () => {
    const project = make({ 'tools.ts': `${PROBE}export const echo = (input) => input\n` })
    for (let round = 0; round < 4; round++) {
      const managers = Array.from({ length: 5 }, () => open(project))
      const results = await Promise.all(managers.map((manager, i) => manager.executeTool('echo', i)))
      assert.deepEqual(results, [0, 1, 2, 3, 4])
      if (round === 1) await bundled(managers[0])
      await Promise.all(managers.map((manager) => manager.close()))
    }
    assert.equal(kept(project).filter((name) => name.endsWith('.js')).length, 1)
    assert.ok(!readdirSync(join(project.dir, '.toolwarden')).some((name) => /^(worker|\.new)-/.test(name)))
  })

  it('leaves no process behind when the manager closes while it bundles.', async () => {
    const before = new Set(ownChildren())
    const project = make({ 'tools.ts': PROBE })
    const manager = open(project)
    await manager.executeTool('from')
    await manager.close()
    await until(() => ownChildren().every((pid) => before.has(pid)), 'every child reaped')
  })

  it('leaves an entrypoint alone that is too small to gain from it.', async () => {
    const project = make({ 'tools.ts': PROBE, 'probe.ts': 'export const probe = 1\n' })
    assert.match(await refused(open(project), project), /small/)
  })

  it('does nothing for tools run by Node.', async () => {
    const project = make({ 'tools.mjs': 'export default { one: () => 1 }' })
    const manager = open(project, { runtimeType: 'node', entrypointPath: 'tools.mjs' })
    assert.equal(await manager.executeTool('one'), 1)
    await manager.close()
    assert.deepEqual(kept(project), [])
  })

  for (const [what, line, said, more = {}] of [
    ['import.meta.resolve', "export const x = () => import.meta.resolve('./probe.ts')", /import\.meta/],
    ['import.meta.main', 'export const x = () => import.meta.main', /import\.meta/],
    ['import.meta itself', 'export const x = () => import.meta', /import\.meta/],
    ['__filename', 'export const x = () => __filename', /__filename/],
    ['__dirname in a package', "import a from 'dir'\nexport const x = () => a", /__dirname/, {
      'node_modules/dir/package.json': '{"name":"dir","main":"main.js"}',
      'node_modules/dir/main.js': "'use strict'\nmodule.exports = __dirname\n",
    }],
    ['require.resolve', "export const x = () => require.resolve('./probe.ts')", /asks require/],
    ['typeof module', 'export const x = () => typeof module', /CommonJS/],
    ['createRequire', "import { createRequire } from 'node:module'\nexport const x = () => createRequire(import.meta.url)('./probe.ts').probe", /createRequire/],
    ['eval', "export const x = () => eval('1')", /eval/],
    ['a Worker', "export const x = () => typeof (() => new Worker('x'))", /Worker/],
    ['a macro', "import { probe as p } from './probe.ts' with { type: 'macro' }\nexport const x = () => typeof p", /macro/],
    ['a package with an export for development', "import { a } from 'modal'\nexport const x = () => a", /depend on the mode/, {
      'node_modules/modal/package.json': '{"name":"modal","exports":{"development":"./dev.js","default":"./main.js"}}',
      'node_modules/modal/main.js': "export const a = 'main'\n",
      'node_modules/modal/dev.js': "export const a = 'dev'\n",
    }],
    ['sloppy CommonJS', "import a from 'sloppy'\nexport const x = () => a", /sloppy/, {
      'node_modules/sloppy/package.json': '{"name":"sloppy","main":"main.js"}',
      'node_modules/sloppy/main.js': "undeclared = 'set'\nmodule.exports = undeclared\n",
    }],
    ['paths of tsconfig.json', "import { a } from '@lib/a'\nexport const x = () => a", /tsconfig\.json/, {
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}',
      'lib/a.ts': "export const a = 'a'\n",
    }],
    ['a file', "import file from './data.bin' with { type: 'file' }\nexport const x = () => file.endsWith('/data.bin')", /data\.bin|bundle would be/, { 'data.bin': 'data' }],
  ]) {
    it(`stays out of it where a tool could see it: ${what}.`, async () => {
      const source = make({ 'tools.ts': `${PROBE}${line}\n`, ...more })
      const plain = bench.open(source, { minWorkers: 0 })
      const expected = await plain.executeTool('x').catch((error) => error.code)
      const manager = open(source)
      assert.match(await refused(manager, source), said)
      assert.equal(await manager.executeTool('from'), 'source')
      assert.deepEqual(await manager.executeTool('x').catch((error) => error.code), expected)
    })
  }

  for (const [what, source] of [
    ['top-level await', `${PROBE}export const value = await Promise.resolve(5)\nexport const x = () => value\n`],
    ['a computed import', `${PROBE}export const x = async (name = './probe.ts') => (await import(name)).probe\n`],
    ['a computed require', `${PROBE}export const x = (name = './probe.ts') => require(name).probe\n`],
    ['a package that is not there', `${PROBE}export const x = () => { try { require('not-there') } catch (error) { return error.code } }\n`],
    ['import.meta.filename', `${PROBE}export const x = () => import.meta.filename\n`],
  ]) {
    it(`runs the source where there can be no bundle: ${what}.`, async () => {
      const project = make({ 'tools.ts': source })
      const expected = await bench.open(project, { minWorkers: 0 }).executeTool('x')
      const { runtimePath, hasBundled } = spyRuntime(project)
      // The spy is a shell script, and the sandbox would not let it start the runtime.
      const manager = open(project, { runtimePath, sandbox: 'off' })
      assert.deepEqual(await manager.executeTool('x'), expected)
      await hasBundled()
      assert.equal(await manager.executeTool('from'), 'source')
      assert.deepEqual(kept(project).filter((name) => name.endsWith('.js')), [])
    })
  }

  it('changes nothing about a module that does not load.', async () => {
    const project = make({ 'tools.ts': "import './probe.ts'\nthrow new RangeError('at load')\n" })
    const manager = open(project)
    for (let i = 0; i < 2; i++) {
      const error = await failure(manager.executeTool('x'))
      assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
      assert.equal(error.cause.message, 'at load')
      assert.match(error.cause.stack, /tools\.ts:2:/)
      await until(() => verdict(project), 'a verdict')
    }
    const next = await failure(open(project).executeTool('x'))
    assert.match(next.cause.stack, /tools\.ts:2:/)
    assert.doesNotMatch(next.cause.stack, /\.toolwarden/)
  })
})
