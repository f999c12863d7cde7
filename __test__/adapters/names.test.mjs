import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { objectInput } from '../../js/adapters/object-input.js'
import { byName, nameOf } from '../../js/adapters/tool-names.js'

describe('names for model APIs', () => {
  const long = 'very/'.repeat(20) + 'long'

  for (const [id, name] of [
    ['greet', 'greet'],
    ['a-b_c', 'a-b_c'],
    ['fs/read', 'fs__read'],
    ['fs.read', 'fs_-read'],
  ]) {
    test(`${id} is ${name}`, () => assert.equal(nameOf(id), name))
  }

  test('all names are valid, different ids have different names, and names lead back', () => {
    const parts = ['a', 'b_', '_c', 'd-', '-e', '_', '__', '_-']
    const ids = ['a/b', 'a.b', 'a__b', 'a_-b', 'a_/b', 'a/_b', long, `${long}er`]
    for (const one of parts) for (const two of parts) for (const sep of ['/', '.', '', '_']) ids.push(`${one}${sep}${two}`)
    const distinct = [...new Set(ids)]
    const named = byName(distinct.map((id) => ({ id })))
    assert.equal(named.size, distinct.length)
    for (const [name, { id }] of named) {
      assert.match(name, /^[a-zA-Z0-9_-]{1,64}$/)
      assert.equal(nameOf(id), name)
    }
  })
})

describe('input as an object of arguments', () => {
  test('an object schema and no schema stay what they are', () => {
    const schema = { type: 'object', properties: { a: {} }, required: ['a'] }
    assert.deepEqual(objectInput(schema).schema, schema)
    assert.deepEqual(objectInput(null).schema, { type: 'object' })
    assert.deepEqual(objectInput(schema).toInput({ a: 1 }), { a: 1 })
  })

  test('a schema that leaves the type open becomes one of objects', () => {
    assert.deepEqual(objectInput({ required: ['a'] }).schema, { required: ['a'], type: 'object' })
  })

  test('any other is wrapped, with what its references point to', () => {
    const { schema, toInput } = objectInput({ type: 'array', items: { $ref: '#/$defs/a' }, $defs: { a: { type: 'number' } } })
    assert.deepEqual(schema, {
      $defs: { a: { type: 'number' } },
      type: 'object',
      properties: { input: { type: 'array', items: { $ref: '#/$defs/a' } } },
      required: ['input'],
      additionalProperties: false,
    })
    assert.deepEqual(toInput({ input: [1] }), [1])
  })
})
