import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { failure } from './support/outcomes.mjs'
import { RUNTIMES } from './support/runtimes.mjs'
import { workbench } from './support/workbench.mjs'

const TOOL = 'export const tool = () => 1\n'

/**
 * The files of a project, the entrypoint first, and the position of the error in them; the line differs between
 * runtimes in some cases.
 */
const BROKEN = {
  'an unfinished module': [{ 'tools.mjs': `${TOOL}export default { broken( {\n` }, 'tools.mjs:(2|3)'],
  'a wrong token': [{ 'tools.mjs': `${TOOL}\nlet x = = 2\n` }, 'tools.mjs:3'],
  'two wrong tokens': [{ 'tools.mjs': `${TOOL}let x x\nlet y y\n` }, 'tools.mjs:2'],
  'a wrong regular expression': [{ 'tools.mjs': `${TOOL}\n\nexport const r = /(/\n` }, 'tools.mjs:4'],
  'a .js file': [{ 'tools.js': `${TOOL}let x x\n` }, 'tools.js:2'],
  'an imported module': [{ 'tools.mjs': `import './deep/other.mjs'\n${TOOL}`, 'deep/other.mjs': 'export const b = 1\n\nlet x x\n' }, 'deep/other.mjs:3'],
  'a module two imports away': [
    { 'tools.mjs': `import './a.mjs'\n${TOOL}`, 'a.mjs': "import { b } from './b.mjs'\nawait b\n", 'b.mjs': 'export const b = await 1\nlet x x\n' },
    'b.mjs:2',
  ],
  'a module of a package': [
    {
      'tools.mjs': `import 'pack'\n${TOOL}`,
      'node_modules/pack/package.json': '{"name":"pack","type":"module","exports":"./main.js"}',
      'node_modules/pack/main.js': 'export const a = 1\n\n\nlet x x\n',
    },
    'node_modules/pack/main.js:4',
  ],
  'a CommonJS module': [{ 'tools.mjs': `import './other.cjs'\n${TOOL}`, 'other.cjs': 'exports.a = 1\nlet x x\n' }, 'other.cjs:2'],
  'a module of import()': [{ 'tools.mjs': `${TOOL}await import('./other.mjs')\n`, 'other.mjs': '\nlet x x\n' }, 'other.mjs:2'],
  'a JSON file': [{ 'tools.mjs': `import './j.mjs'\n${TOOL}`, 'j.mjs': "import j from './x.json' with { type: 'json' }\nj()\n", 'x.json': '{"a": "}",\n "b": }\n' }, 'x.json:2:7'],
  'an empty JSON file': [{ 'tools.mjs': `import j from './x.json' with { type: 'json' }\n${TOOL}j()\n`, 'x.json': '' }, 'x.json:1:1'],
  'an error that is thrown': [{ 'tools.mjs': `${TOOL}\nthrow new Error('no')\n` }, 'tools.mjs:3'],
  'an error of an imported module': [{ 'tools.mjs': `import './other.mjs'\n${TOOL}`, 'other.mjs': '\n\nundefinedThing()\n' }, 'other.mjs:3'],
  'JSON that the module parses itself': [{ 'tools.mjs': `${TOOL}\nJSON.parse('{')\n` }, 'tools.mjs:3'],
  'a name with a blank and an umlaut': [{ 'to ols ä.mjs': `${TOOL}let x x\n` }, 'to ols ä.mjs:2'],
}

const TYPESCRIPT = {
  'a wrong token in TypeScript': [{ 'tools.ts': `${TOOL}\nexport const x: = = 2\n` }, 'tools.ts:3'],
  'an imported TypeScript module': [{ 'tools.ts': `import './other.ts'\n${TOOL}`, 'other.ts': 'export const b: number = 1\nexport const c: number = {\n' }, 'other.ts:(2|3)'],
  'an error that TypeScript throws': [{ 'tools.ts': `${TOOL}\nthrow new Error('no') as unknown\n` }, 'tools.ts:3'],
}

describe('The error of an entrypoint that does not parse names file and line', () => {
  const bench = workbench()
  for (const { name, config } of RUNTIMES) {
    const cases = name === 'Node of PATH' ? BROKEN : { ...BROKEN, ...TYPESCRIPT }
    for (const [what, [files, place]] of Object.entries(cases)) {
      it(`${what}, run by ${name}.`, async () => {
        const project = bench.project({ files })
        const manager = bench.open(project, { ...config, entrypointPath: `./${Object.keys(files)[0]}` })
        const error = await failure(manager.executeTool('tool'))
        assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
        const { source } = new RegExp(`${place}(:\\d+)?\\b`)
        assert.match(error.message, new RegExp(`\\(${project.dir}/${source}\\)$`))
        // The path is in the fields that a program reads too, possibly as a URL.
        const stack = [error.cause.stack, ...(error.cause.errors ?? []).map((inner) => inner.stack)].map((text) => decodeURI(text)).join('\n')
        assert.match(stack, new RegExp(`${project.dir}/${source}`))
        assert.equal(stack.includes('.toolwarden'), false)
      })
    }

    it(`a frame that the error has already is not repeated, run by ${name}.`, async () => {
      const files = { 'tools.mjs': 'import "./nowhere.mjs"\n' }
      const error = await failure(bench.open(bench.project({ files }), { ...config, entrypointPath: './tools.mjs' }).ready())
      assert.match(error.message, /nowhere\.mjs.*tools\.mjs/)
      assert.equal(error.message.match(/tools\.mjs/g).length, 1, error.message)
    })
  }
})

describe('A list of tools that is too large', () => {
  const bench = workbench()
  for (const { name, config } of RUNTIMES) {
    it(`is refused with what is too large and what to do, by ${name}.`, async () => {
      const large = "export const small = { description: 'x', execute: () => 1 }\nexport const large = { description: 'ä'.repeat(9 * 1024 * 1024), execute: () => 1 }\n"
      const error = await failure(bench.open(bench.project({ files: { 'tools.mjs': large } }), { ...config, entrypointPath: './tools.mjs' }).listTools())
      assert.equal(error.code, 'ERR_ENTRYPOINT_LOAD')
      assert.match(error.message, /its 2 tools are 18\d{6} bytes of JSON, and 16776192 are the most; the largest tool is "large" with 18\d{6} bytes/)
      assert.match(error.hint, /^shorten the descriptions and schemas of the largest tools, or divide the tools/)
    })

    it(`is offered where it just fits, by ${name}.`, async () => {
      const text = `export const tool = { description: 'x'.repeat(${16 * 1024 * 1024 - 1200}), execute: () => 1 }\n`
      const tools = await bench.open(bench.project({ files: { 'tools.mjs': text } }), { ...config, entrypointPath: './tools.mjs' }).listTools()
      assert.equal(tools[0].description.length, 16 * 1024 * 1024 - 1200)
    })
  }
})
