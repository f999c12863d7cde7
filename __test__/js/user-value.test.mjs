import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import { described, encodeUserValue, userValueText, parseUserValue } from '../../js/user-value.js'

describe('options on their way to the core', () => {
  test('what JSON can carry goes as it is', () => {
    const value = { a: [1, 'two', null, true, { b: -0.5 }], c: {} }
    assert.deepEqual(encodeUserValue(value), value)
  })

  for (const [what, value, type, text] of [
    ['NaN', Number.NaN, 'number', 'NaN'],
    ['Infinity', Infinity, 'number', 'Infinity'],
    ['-Infinity', -Infinity, 'number', '-Infinity'],
    ['a bigint', 10n, 'bigint', '10'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a symbol', Symbol('s'), 'symbol', 'Symbol(s)'],
    ['a named function', function go() {}, 'function', 'function go'],
    ['a class instance', new Date(0), 'object', 'Date'],
    ['a Map', new Map([['a', 1]]), 'object', 'Map'],
  ]) {
    test(`${what} goes with its type and what it looks like`, () => {
      assert.deepEqual(encodeUserValue([value]), [{ $js: type, text }])
    })
  }

  test('a field set to undefined is a field not given', () => {
    assert.equal(userValueText({ a: undefined, b: { c: undefined } }), '{"b":{}}')
  })

  test('a cycle is named instead of followed, a value met twice is not a cycle', () => {
    const twice = { a: 1 }
    const cyclic = { one: twice, two: twice }
    cyclic.self = cyclic
    assert.deepEqual(encodeUserValue(cyclic), { one: { a: 1 }, two: { a: 1 }, self: { $js: 'object', text: 'a cyclic reference' } })
  })

  test('no object of the user passes for an encoded value', () => {
    assert.deepEqual(encodeUserValue({ $js: 'number', text: 'Infinity' }), { $js: 'object', text: 'Object' })
  })

  test('plain objects of another realm and without a prototype are plain', () => {
    assert.deepEqual(encodeUserValue(vm.runInNewContext('({ a: [1] })')), { a: [1] })
    assert.deepEqual(encodeUserValue(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
  })

  test('a key named __proto__ stays a key', () => {
    assert.equal(userValueText(JSON.parse('{"__proto__":1}')), '{"__proto__":1}')
  })

  test('numbers JSON has no word for come back as numbers', () => {
    const value = { a: Infinity, b: [Number.NaN, 1] }
    assert.deepEqual(parseUserValue(userValueText(value)), value)
  })
})

describe('values in messages', () => {
  for (const [value, text] of [
    [5, '5 (number)'],
    [Number.NaN, 'NaN (number)'],
    ['x"y', String.raw`"x\"y" (string)`],
    ['é'.repeat(100), `"${'é'.repeat(59)}... (string)`],
    [true, 'true (boolean)'],
    [10n, '10 (bigint)'],
    [null, 'null'],
    [undefined, 'undefined'],
    [['secret'], 'an array'],
    [{ token: 'secret' }, 'Object (object)'],
    [new Map([['token', 'secret']]), 'Map (object)'],
    [Object.create(null), 'an object (object)'],
    [function go() {}, 'function go (function)'],
  ]) {
    test(`${text.slice(0, 20)} is what and of which type`, () => assert.equal(described(value), text))
  }
})
