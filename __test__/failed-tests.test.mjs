/** What the end of `npm test` says of failed tests is found in what the runners print. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bunFailures, cargoTestFailures, nextestFailures, nodeFailures } from '../scripts/failures.mjs'

test('A failed test is named with its place and its error: Node.', () => {
  const text = [
    '__test__/a.test.mjs:', '✖ group (7.3ms)', 'ℹ fail 2', '', '✖ failing tests:', '',
    'test at __test__/a.test.mjs:3:27', '✖ fails (in brackets) (6.180452ms)', '  AssertionError: 1 == 2', '      at node:internal/x:1:2', '',
    '__test__/b.test.mjs:', '✖ failing tests:', '', 'test at __test__/support/x.mjs:4:1', '✖ late (0.27ms)', '  Error: boom', '  many lines', '',
  ].join('\n')
  assert.deepEqual(nodeFailures(text), [
    { name: '__test__/a.test.mjs:3:27: fails (in brackets)', why: '  AssertionError: 1 == 2', file: '__test__/a.test.mjs' },
    { name: '__test__/support/x.mjs:4:1: late', why: '  Error: boom\n  many lines', file: '__test__/b.test.mjs' },
  ])
  assert.deepEqual(nodeFailures('ℹ fail 0\n'), [])
  const ofOneRun = '✖ failing tests:\n\ntest at __test__/c.test.mjs:4:1\n✖ alone (1ms)\n  Error: no\n'
  assert.deepEqual(nodeFailures(ofOneRun), [{ name: '__test__/c.test.mjs:4:1: alone', why: '  Error: no' }])
})

test('A failed test is named with its place and its error: Bun.', () => {
  const text = [
    '__test__/a.test.mjs:', '(pass) fine [0.1ms]', 'error: boom', '(fail) group > fails [4.53ms]', '(pass) fine again',
    '__test__/b.test.mjs:', 'error: later', '(fail) late [1.2s]', '1 tests failed:', '(fail) late [1.2s]',
  ].join('\n')
  assert.deepEqual(bunFailures(text), [
    { name: '__test__/a.test.mjs: group > fails', why: 'error: boom', file: '__test__/a.test.mjs' },
    { name: '__test__/b.test.mjs: late', why: 'error: later', file: '__test__/b.test.mjs' },
  ])
})

test('A failed test is named once: Rust.', () => {
  const text = ['    FAIL [   0.010s] (3/9) toolwarden a::b', '  TIMEOUT [ 300.010s] ( 4/9) toolwarden c::d', ' Summary [ 1s]', '    FAIL [   0.010s] (3/9) toolwarden a::b'].join('\n')
  assert.deepEqual(nextestFailures(text).map(({ name }) => name), ['toolwarden a::b', 'toolwarden c::d'])
  assert.deepEqual(cargoTestFailures('test a::b ... FAILED\ntest c ... ok\n'), [{ name: 'a::b', why: '' }])
  const blocks = ['test a::b ... FAILED', 'test c ... FAILED', '', 'failures:', '', '---- a::b stdout ----', "thread 'a::b' panicked: 1", '', '---- c stdout ----', 'boom', '', 'failures:', '    a::b', '    c', '']
  assert.deepEqual(cargoTestFailures(blocks.join('\n')), [{ name: 'a::b', why: "thread 'a::b' panicked: 1" }, { name: 'c', why: 'boom' }])
})
