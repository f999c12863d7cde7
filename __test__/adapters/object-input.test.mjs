import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Ajv2020 } from 'ajv/dist/2020.js'
import { z } from 'zod'

import { objectInput } from '../../js/adapters/object-input.js'

/** Whether the wrapped schema accepts the wrapped value, according to an independent validator. */
const takes = (schema, input) => new Ajv2020({ strict: false }).compile(schema)({ input })

const kind = (name, value) => z.object({ kind: z.literal(name), value })
for (const [name, schema] of [
  ['a union', z.toJSONSchema(z.union([kind('a', z.string()), kind('b', z.number())]))],
  ['a discriminated union', z.toJSONSchema(z.discriminatedUnion('kind', [kind('a', z.string()), kind('b', z.number())]))],
  ['an intersection', { type: 'object', allOf: [{ required: ['kind'] }, { properties: { value: { type: 'string' } } }] }],
]) {
  test(`${name} at the root is offered as one argument`, () => {
    const { schema: offered, toInput } = objectInput(schema)
    assert.equal(offered.type, 'object')
    for (const keyword of ['anyOf', 'oneOf', 'allOf']) assert.equal(offered[keyword], undefined)
    assert.deepEqual(toInput({ input: { kind: 'a' } }), { kind: 'a' })
    assert.equal(takes(offered, { kind: 'a', value: 1 }), false)
    assert.equal(takes(offered, { kind: 'a', value: 'x' }), true)
  })
}

test('a schema that refers to itself still does', () => {
  const tree = {
    oneOf: [{ type: 'string' }, { type: 'object', properties: { left: { $ref: '#' }, $ref: { $ref: '#/oneOf/0' }, named: { $ref: '#/$defs/named' } }, required: ['left'] }],
    $defs: { named: { type: 'array', items: { $ref: '#' } } },
  }
  const { schema } = objectInput(tree)
  assert.equal(takes(schema, { left: { left: 'leaf' }, $ref: 'text', named: ['leaf', { left: 'leaf' }] }), true)
  assert.equal(takes(schema, { left: { left: 1 } }), false)
  assert.equal(takes(schema, { left: 'leaf', $ref: 1 }), false)
  assert.equal(takes(schema, { left: 'leaf', named: [1] }), false)
})

for (const where of ['definitions', '$defs']) {
  test(`a schema that only names one of its ${where} is what that one is`, () => {
    const named = (schema) => ({ $ref: `#/${where}/Named`, [where]: { Named: schema } })
    for (const inner of [{ anyOf: [{ type: 'object', required: ['a'] }, { type: 'object', required: ['b'] }] }, { type: 'string' }, { $ref: `#/${where}/Text` }]) {
      const given = named(inner)
      given[where].Text = { type: 'string' }
      const { schema, toInput } = objectInput(given)
      assert.deepEqual([schema.required, toInput({ input: 1 })], [['input'], 1])
      assert.equal(takes(schema, inner.anyOf ? { b: 1 } : 'text'), true)
      assert.equal(takes(schema, 1), false)
    }
    const object = named({ type: 'object', properties: { a: { type: 'string' } } })
    assert.deepEqual(objectInput(object).schema, { ...object, type: 'object' })
    for (const $ref of ['#', '#/definitions/none', '#named', 'https://example.com/x']) assert.deepEqual(objectInput({ $ref }).schema, { $ref, type: 'object' })
  })
}

test('data that looks like a reference is left alone', () => {
  const { schema } = objectInput({ anyOf: [{ const: { $ref: '#' } }, { enum: ['#', { $ref: '#' }], default: { $ref: '#' } }] })
  assert.deepEqual(schema.properties.input.anyOf, [{ const: { $ref: '#' } }, { enum: ['#', { $ref: '#' }], default: { $ref: '#' } }])
})

test('an object is offered as it is', () => {
  const schema = { type: 'object', properties: { a: { anyOf: [{ type: 'string' }, { type: 'number' }] } } }
  assert.deepEqual(objectInput(schema).schema, schema)
})
