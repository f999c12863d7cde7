/** Tests each keyword: the values that it accepts, the values that it refuses, and the paths of the issues. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { jsonSchemaValidator } from '../../src/worker/template/json-schema.mjs'

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'
const own = (...entries) => Object.fromEntries(entries)
const list = { $defs: { list: { type: 'object', properties: { next: { $ref: '#/$defs/list' } }, required: ['id'] } }, $ref: '#/$defs/list' }

/** Schema, values that match, and values that do not with the paths of their issues. */
const TABLE = [
  ['true', true, [1, null], []],
  ['false', false, [], [[1, '']]],
  ['an empty schema', {}, [1, null, 'x'], []],
  ['type', { type: 'object' }, [{}], [[[], ''], [null, ''], [undefined, '']]],
  ['integer', { type: 'integer' }, [1, 1.0, -3, 1e21], [[1.5, ''], ['1', '']]],
  ['a list of types', { type: ['string', 'null'] }, ['x', null], [[1, '']]],
  ['enum', { enum: [1, 'a', { b: [1] }] }, [1, 'a', { b: [1] }], [[2, ''], [{ b: [2] }, ''], [{ b: [1], c: 1 }, '']]],
  ['const', { const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [[{ a: 1 }, '']]],
  ['limits of numbers', { minimum: 1, exclusiveMaximum: 3 }, [1, 2.9, 'not a number'], [[0.9, ''], [3, '']]],
  ['multiples of fractions', { multipleOf: 0.1 }, [0.3, 1.1, 7], [[0.35, '']]],
  ['multiples far apart', { multipleOf: 1e-7 }, [12.3456789, 1e21], [[1e-8, '']]],
  ['the length in characters', { minLength: 2, maxLength: 2 }, ['ab', '\u{1f600}\u{1f600}'], [['a', ''], ['\u{1f600}', ''], ['abc', '']]],
  ['a pattern anywhere in the text', { pattern: 'b+' }, ['abbc'], [['ac', '']]],
  ['a pattern with escapes of the older syntax', { pattern: '^[\\w\\-]\\-$' }, ['a-'], [['a', '']]],
  ['format as an annotation', { format: 'email' }, ['nobody'], []],
  ['items', { items: { type: 'number' } }, [[], [1, 2]], [[[1, 'x', 2, 'y'], '[1]', '[3]']]],
  ['prefixItems', { prefixItems: [{ type: 'string' }], items: false }, [[], ['a']], [[[1], '[0]'], [['a', 1], '[1]']]],
  ['items as a list, as in draft-07', { items: [{ type: 'string' }], additionalItems: { type: 'number' } }, [['a', 1]], [[['a', 'b'], '[1]']]],
  ['contains', { contains: { const: 1 }, maxContains: 2 }, [[1], [1, 1, 0]], [[[], ''], [[1, 1, 1], '']]],
  ['minContains 0', { contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
  ['uniqueItems', { uniqueItems: true }, [[1, '1', [1], true]], [[[{ a: 1, b: 2 }, { b: 2, a: 1 }], '[1]']]],
  ['counts', { minItems: 1, maxItems: 2 }, [[1]], [[[], ''], [[1, 2, 3], '']]],
  ['required', { required: ['a', 'b c'] }, [{ a: 1, 'b c': null }], [[{}, 'a', '["b c"]']]],
  ['names of Object.prototype that are required', { required: ['toString', 'constructor', '__proto__'] }, [own(['toString', 1], ['constructor', 1], ['__proto__', 1])], [[{}, 'toString', 'constructor', '__proto__']]],
  ['names of Object.prototype that are described', { properties: own(['__proto__', { type: 'string' }], ['constructor', false]) }, [{}, own(['__proto__', 'x'])], [[own(['__proto__', 1]), '__proto__'], [own(['constructor', 1]), 'constructor']]],
  ['names of Object.prototype that are additional', { properties: { a: {} }, additionalProperties: false }, [{ a: 1 }], [[own(['__proto__', {}], ['valueOf', 1]), '__proto__', 'valueOf']]],
  ['additionalProperties', { properties: { a: {} }, patternProperties: { '^x': { type: 'number' } }, additionalProperties: false }, [{ a: 1, x1: 2 }], [[{ b: 1 }, 'b'], [{ x1: 'y' }, 'x1']]],
  ['propertyNames', { propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [[{ abc: 1 }, 'abc']]],
  ['dependentRequired', { dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [[{ a: 1 }, 'b']]],
  ['dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, [{ b: 1 }], [[{ a: 1 }, 'b']]],
  ['dependencies, as in draft-07', { dependencies: { a: ['b'], c: { minProperties: 2 } } }, [{ a: 1, b: 1 }, { c: 1, d: 1 }], [[{ a: 1 }, 'b'], [{ c: 1 }, '']]],
  ['allOf', { allOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1, b: 1 }], [[{}, 'a', 'b']]],
  ['anyOf', { anyOf: [{ type: 'string' }, { type: 'number' }] }, ['x', 1], [[null, '']]],
  ['the one alternative that was meant', { anyOf: [{ type: 'string' }, { type: 'object', properties: { a: { type: 'number' } } }] }, ['x'], [[{ a: 'x' }, 'a']]],
  ['oneOf', { oneOf: [{ minimum: 2 }, { maximum: 3 }] }, [1, 4], [[2, '']]],
  ['not', { not: { type: 'string' } }, [1], [['x', '']]],
  ['not within not', { not: { not: { type: 'string' } } }, ['x'], [[1, '']]],
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword
  ['if, then, else', { if: { properties: { kind: { const: 'a' } } }, then: { required: ['a'] }, else: { required: ['b'] } }, [{ kind: 'a', a: 1 }, { kind: 'b', b: 1 }], [[{ kind: 'a' }, 'a'], [{ kind: 'b' }, 'b']]],
  ['unevaluatedProperties', { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false }, [{ a: 1 }], [[{ a: 1, b: 1 }, 'b']]],
  ['unevaluatedProperties, which sees no cousins', { allOf: [{ properties: { a: {} } }, { unevaluatedProperties: false }] }, [{}], [[{ a: 1 }, 'a']]],
  ['unevaluatedProperties, which sees nothing of an alternative that failed', { anyOf: [{ properties: { a: { type: 'string' } } }, {}], unevaluatedProperties: false }, [{ a: 'x' }], [[{ a: 1 }, 'a']]],
  ['unevaluatedItems', { prefixItems: [{}], contains: { const: 9 }, minContains: 0, unevaluatedItems: false }, [[1], [1, 9, 9]], [[[1, 2], '[1]']]],
  ['a reference to itself', list, [{ id: 1, next: { id: 2 } }], [[{ id: 1, next: { id: 2, next: {} } }, 'next.next.id']]],
  ['a reference with neighbours', { $defs: { a: { type: 'number' } }, $ref: '#/$defs/a', minimum: 2 }, [2], [[1, '']]],
  ['a reference alone in draft-07', { $schema: DRAFT_07, definitions: { a: { type: 'number' } }, $ref: '#/definitions/a', minimum: 2 }, [1], [['x', '']]],
  ['an anchor', { $defs: { a: { $anchor: 'here', type: 'number' } }, items: { $ref: '#here' } }, [[1]], [[['x'], '[0]']]],
  ['an escaped pointer', { $defs: { 'a/b~c d%': { type: 'number' } }, $ref: '#/$defs/a~1b~0c%20d%25' }, [1], [['x', '']]],
  ['a pointer into properties', { properties: { a: { type: 'number' }, b: { $ref: '#/properties/a' } } }, [{ b: 1 }], [[{ b: 'x' }, 'b']]],
  ['a pointer to where no schema is sought', { components: { a: { items: { $ref: '#/components/b' } }, b: { type: 'number' } }, $ref: '#/components/a' }, [[1]], [[['x'], '[0]']]],
  ['an embedded schema with an $id', { $id: 'https://example.com/root.json', $defs: { a: { $id: 'a.json', $defs: { n: { type: 'number' } }, items: { $ref: '#/$defs/n' } } }, $ref: 'a.json' }, [[1]], [[['x'], '[0]']]],
  ['a dynamic reference', { $dynamicAnchor: 'node', properties: { child: { $dynamicRef: '#node' } }, required: ['id'] }, [{ id: 1, child: { id: 2 } }], [[{ id: 1, child: {} }, 'child.id']]],
  ['names in paths', { additionalProperties: { items: { required: ['x'] } } }, [{}], [[{ 'content-type': [{}], é: [{ x: 1 }, {}] }, '["content-type"][0].x', 'é[1].x']]],
  ['unknown keywords', { 'x-note': 1, constructor: 1, default: 3 }, [1], []],
  ['keywords of the wrong kind', { minLength: 'two', required: 'a', items: null, properties: 3, allOf: {}, pattern: 1 }, ['x', {}, [1]], []],
]

describe('The validator of JSON Schema', () => {
  for (const [what, schema, good, bad] of TABLE) {
    it(`knows ${what}.`, () => {
      const validate = jsonSchemaValidator(schema)
      for (const value of good) assert.deepEqual(validate(value), [], JSON.stringify(value))
      for (const [value, ...paths] of bad) assert.deepEqual(validate(value).map(({ path }) => path), paths, JSON.stringify(value))
    })
  }

  it('describes each issue in words.', () => {
    const messages = (schema, value) => jsonSchemaValidator(schema)(value).map(({ message }) => message)
    assert.deepEqual(messages({ type: ['string', 'null'] }, 1), ['must be string or null, not number'])
    assert.deepEqual(messages({ type: 'object' }, undefined), ['must be object, not nothing'])
    assert.deepEqual(messages({ enum: ['a', 1] }, 'b'), ['must be one of "a", 1'])
    assert.deepEqual(messages({ minLength: 1, pattern: '^a' }, ''), ['must have at least 1 character', 'must match the pattern ^a'])
    assert.deepEqual(messages({ required: ['a'] }, {}), ['is required'])
    assert.deepEqual(messages({ additionalProperties: false }, { a: 1 }), ['is not allowed'])
    assert.deepEqual(messages({ oneOf: [{ type: 'string' }, { type: 'null' }] }, 1), ['matches none of 2 alternatives'])
  })

  it('refuses a schema whose reference has no target, and fetches nothing.', () => {
    for (const $ref of ['#/$defs/none', '#none', 'https://example.com/other.json', '#/constructor', '#/__proto__']) {
      assert.throws(() => jsonSchemaValidator({ $ref })(1), { message: `the schema refers to ${$ref}, which is not in it` })
    }
  })

  it('ends where a schema refers to nothing but itself, or a value is very deep.', () => {
    const deep = (levels) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    const said = (schema, value) => jsonSchemaValidator(schema)(value).map(({ path, message }) => `${path} ${message}`)
    const nested = { items: { $ref: '#' } }
    const refused = [' is nested more deeply than can be checked']
    assert.deepEqual(said({ $ref: '#' }, 1), refused)
    assert.deepEqual(said({ not: { $ref: '#' } }, 1), refused)
    assert.deepEqual(said(nested, deep(300)), [])
    assert.deepEqual(said(nested, deep(5000)), refused)
    assert.deepEqual(said({ uniqueItems: true }, [deep(100), deep(100)]), ['[1] must not repeat item 0'])
  })

  it('reports at most a hundred issues, none of them long.', () => {
    const issues = jsonSchemaValidator({ items: { type: 'string' } })(Array.from({ length: 100_000 }, (_, index) => index))
    assert.equal(issues.length, 100)
    const [issue] = jsonSchemaValidator({ additionalProperties: false })({ [`${'x'.repeat(1e6)}\ud83d`]: 1 })
    assert.ok(issue.path.length < 1100)
    assert.ok(issue.path.isWellFormed())
  })

  it('is not led astray by what is put on Object.prototype.', () => {
    const validate = jsonSchemaValidator({ properties: { a: { type: 'number' } }, required: ['b'] })
    try {
      Object.assign(Object.prototype, { b: 1, minProperties: 5 })
      assert.deepEqual(validate({ a: 1 }).map(({ path }) => path), ['b'])
    } finally {
      delete Object.prototype.b
      delete Object.prototype.minProperties
    }
  })
})
