import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'

import { BULK, verdict } from './support/entrypoint-cache.mjs'
import { until } from './support/waiting.mjs'
import { workbench } from './support/workbench.mjs'

const ZOD = dirname(createRequire(import.meta.url).resolve('zod/package.json'))

describe('What a tool in a bundle can tell, and why the cache is off by default', () => {
  const bench = workbench()

  it('is this.', async () => {
    const project = bench.project({
      files: {
        'tools.ts': `import * as one from './one.ts'
class Clash {}
const early = [Clash.name, one.early]
export const early_ = () => early
export const now = () => [Clash.name, one.Clash.name]
export const text = () => [Clash, one.Clash].map((clash) => clash.toString().split(' ')[1])
export const namespace = async () => { const found = await import('./probe.ts'); return [Object.prototype.toString.call(found), Object.isExtensible(found)] }
`,
        'one.ts': 'export class Clash {}\nexport const early = Clash.name\n',
        'probe.ts': `export const probe = 1\n${BULK}`,
      },
    })
    const [source, cached] = [false, true].map((entrypointCache) => bench.open(project, { minWorkers: 0, entrypointCache }))
    assert.deepEqual(await source.executeTool('namespace'), ['[object Module]', false])
    await until(async () => {
      assert.equal(verdict(project)?.refused, undefined)
      return (await cached.executeTool('namespace'))[0] === '[object Object]'
    }, 'a process that imported the bundle')
    const both = (tool) => Promise.all([source, cached].map((manager) => manager.executeTool(tool)))
    // A dynamic import returns a plain object.
    assert.deepEqual(await both('namespace'), [['[object Module]', false], ['[object Object]', true]])
    // If two classes have the same name, one has another name while modules are loaded, and in its own text.
    const [names, bundledNames] = await both('early_')
    assert.deepEqual(names, ['Clash', 'Clash'])
    assert.ok(bundledNames.some((name) => name !== 'Clash'), bundledNames.join())
    assert.deepEqual(await both('now'), [['Clash', 'Clash'], ['Clash', 'Clash']])
    const [texts, bundledTexts] = await both('text')
    assert.deepEqual(texts, ['Clash', 'Clash'])
    assert.notDeepEqual(bundledTexts, texts)
  })
})

describe('A tool in a bundle sees what it sees from its source', () => {
  const bench = workbench()

  const TOOLS = `
import { z } from 'zod'
import data from './data.json'
import text from './note.txt'
import settings from './settings.toml'
import strict from './strict.cjs'
import * as all from './deep/one.ts'
import { bump as bumpHere, count, Shape, string, where } from './deep/one.ts'
import { bump as bumpThere } from './deep/two.ts'
import './deep/effect.ts'
import { side } from 'lazyside'
import { linked } from './link.ts'

enum Colour { Red = 1, Blue }
class Missing extends Error {
  override name = new.target.name
}
class Local {
  static { (globalThis as any).made = ((globalThis as any).made ?? 0) + 1 }
}
function helper() { return 'tools' }
const top = (function (this: unknown) { return this === undefined })()

export default {
  from: async () => (Object.prototype.toString.call(await import('./probe.ts')) === '[object Module]' ? 'source' : 'bundle'),
  meta: () => [import.meta.url, import.meta.dir, import.meta.path],
  elsewhere: () => where(),
  argv: () => [process.argv.length, process.argv[1] === Bun.main, process.execArgv.length],
  environment: () => ({ ...process.env, TOOLWARDEN_TOOL_EXEC_ID: '' }),
  nodeEnv: () => [process.env.NODE_ENV ?? null, typeof process.env.NODE_ENV],
  globals: () => Reflect.ownKeys(globalThis).map(String).filter((key) => /toolwarden/.test(key)),
  strict: () => { try { (Object.freeze({ a: 1 }) as any).a = 2; return 'sloppy' } catch (error: any) { return error.name } },
  undeclared: () => { try { (0, (() => { (undeclared as any) = 1 }))(); return 'sloppy' } catch (error: any) { return error.message } },
  thisAtTop: () => top,
  thisInFunction: () => (function (this: unknown) { return typeof this })(),
  names: () => [helper.name, string.name, Missing.name, Shape.name, new Shape().constructor.name, new Missing('x').name, Local.name, (() => 1).name],
  namesElsewhere: () => [all.helper.name, all.Missing.name, all.arrow.name],
  singletons: () => [bumpHere(), bumpThere(), count, all.bump === bumpHere],
  dynamic: async () => { const one = await import('./deep/one.ts'); return [one.bump === bumpHere, Object.keys(one)] },
  lazy: async () => { const before = (globalThis as any).lazy ?? null; await import('./deep/lazy.ts'); await import('./deep/lazy.ts'); return [before, (globalThis as any).lazy] },
  effects: () => [(globalThis as any).effect, (globalThis as any).made, (globalThis as any).side, side],
  data: () => [data, text, settings, strict, linked],
  commonjs: () => require('./strict.cjs') === strict,
  zod: () => [z.object({ a: z.string() }).safeParse({ a: 1 }).error!.issues, z.string.name, new z.ZodError([]).name, z.toJSONSchema(z.object({ b: z.int() }))],
  enums: () => [Colour.Blue, Colour[1]],
  builtins: async () => [typeof (await import('node:fs')).readFileSync, (await import('node:path')).join('a', 'b'), typeof Bun.version],
  instance: () => { try { all.fail() } catch (error) { return [error instanceof all.Missing, (error as Error).name, String(error)] } },
  frames: () => {
    const prepare = Error.prepareStackTrace
    Error.prepareStackTrace = (_, sites) => sites.slice(0, 1).map((site) => [site.getFileName(), site.getLineNumber()])
    const { stack } = new Error('x')
    Error.prepareStackTrace = prepare
    return stack
  },
  inspected: () => Bun.inspect(new Shape()),
  throwsHere: () => {
    throw new Missing('here')
  },
  throwsThere: () => all.fail(),
  throwsLater: async () => { await 1; return all.fail() },
  throwsInPackage: () => z.string().parse(1),
  throwsWithCause: () => { try { all.fail() } catch (cause) { throw new Error('outer', { cause }) } },
}
`

  const FILES = {
    'tools.ts': TOOLS,
    'probe.ts': 'export const probe = 1\n',
    'data.json': '{"a":[1,{"b":null}]}',
    'note.txt': 'hello\n',
    'settings.toml': 'k = 1\n[s]\nx = "y"\n',
    'strict.cjs': "'use strict'\nmodule.exports = { kind: 'cjs' }\n",
    'deep/one.ts': `
export { bump } from './two.ts'
export { count } from './two.ts'
export class Missing extends Error {
  override name = 'Other' + new.target.name
}
export class Shape { side = 1 }
export function string() { return 'mine' }
export function helper() { return 'one' }
export const arrow = () => 1
export const where = () => [import.meta.url, import.meta.dir]
interface Never { a: 1 }

export function fail(): never {
  throw new Missing('there')
}
`,
    'deep/two.ts': 'export let count = 0\nexport const bump = () => ++count\nfunction helper() { return 2 }\nexport const used = helper()\nexport const arrow = () => 2\n',
    'deep/effect.ts': ';(globalThis as any).effect = ((globalThis as any).effect ?? 0) + 1\n',
    'deep/lazy.ts': ';(globalThis as any).lazy = ((globalThis as any).lazy ?? 0) + 1\n',
    'node_modules/lazyside/package.json': '{"name":"lazyside","type":"module","sideEffects":false,"main":"main.js"}',
    'node_modules/lazyside/main.js': "import './effect.js'\nexport const side = 'side'\n",
    'node_modules/lazyside/effect.js': 'globalThis.side = 1\n',
    'real.ts': 'export const linked = import.meta.path\n',
  }

  it('in everything it can ask for.', async () => {
    const project = bench.project({ files: FILES })
    symlinkSync(ZOD, project.path('node_modules/zod'))
    symlinkSync('real.ts', project.path('link.ts'))
    const source = bench.open(project, { minWorkers: 0 })
    const cached = bench.open(project, { minWorkers: 0, entrypointCache: true })
    await until(async () => {
      assert.equal(verdict(project)?.refused, undefined)
      return (await cached.executeTool('from')) === 'bundle'
    }, 'a process that imported the bundle')

    assert.deepEqual(await cached.listTools(), await source.listTools())
    const tools = (await source.listTools()).map(({ id }) => id).filter((id) => id !== 'from')
    assert.ok(tools.length > 25)
    for (const tool of tools) {
      const [expected, found] = await Promise.all([source, cached].map((manager) => manager.executeTool(tool).catch((error) => ({ error }))))
      // Each process has a directory of its own for temporary files.
      for (const seen of [expected, found]) for (const name of ['TMPDIR', 'TMP', 'TEMP']) delete seen?.[name]
      if (expected?.error === undefined) assert.deepEqual(found, expected, tool)
      else {
        assert.equal(found.error?.code, expected.error.code, tool)
        assert.deepEqual({ ...found.error.cause, stack: 0, cause: 0 }, { ...expected.error.cause, stack: 0, cause: 0 }, tool)
        // The stack frames in the files of the project: name of the file and line, in the same order.
        const frames = ({ stack }) => stack.split('\n').flatMap((line) => /([^/(]+\/[^/(]+\.ts:\d+)/.exec(line)?.[1] ?? [])
        assert.ok(frames(expected.error.cause).length > 0 || tool === 'throwsInPackage', tool)
        assert.deepEqual(frames(found.error.cause), frames(expected.error.cause), tool)
        assert.doesNotMatch(found.error.cause.stack, /\.toolwarden/, tool)
      }
    }
  })
})
