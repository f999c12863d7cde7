/** How `npm run machines` judges what it saw on another machine. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rowOf, withTable } from '../scripts/machines/page.mjs'

const SEEN = [
  { kind: 'machine', kernel: '6.12.1', arch: 'arm64', node: 'v24.1.0', bun: '1.4.5' },
  { kind: 'doctor', good: true, landlockAbi: 6, problem: null },
  ...['call', 'worker'].map((isolation) => ({ kind: 'calls', host: 'node', runtime: 'bun', isolation, error: null })),
  { kind: 'rust', status: 0, passed: 32, failed: 0, notRun: 0, failures: [], text: '' },
  { kind: 'test', name: 'happy', status: 0, passed: 7, failed: 0, notRun: 0, failures: [], text: '' },
  { kind: 'end' },
]
const seenWith = (kind, change) => SEEN.map((row) => (row.kind === kind ? { ...row, ...change } : row))

describe('A machine', () => {
  test('on which everything works has a row and no problems', () => {
    const { cells, problems } = rowOf('Linux arm64, glibc', 'emulated', SEEN)
    assert.deepEqual(problems, [])
    assert.deepEqual(cells, ['Linux arm64, glibc', 'emulated', '6.12.1', 'v24.1.0', '1.4.5', 'all hold, Landlock 6', '2 of 2 combinations', '32 passed, 0 failed', '1 files: 7 passed, 0 failed'])
  })

  for (const [what, seen, problem] of [
    ['stopped early', SEEN.slice(0, -1), /stopped before the end/],
    ['printed nothing', [], /doctor: did not run/],
    ['does not enforce', seenWith('doctor', { good: false, problem: 'nothing is enforced' }), /doctor: nothing is enforced/],
    ['fails a call', seenWith('calls', { error: 'ERR_WORKER_START no' }), /isolation worker: ERR_WORKER_START no/],
    ['fails a test', seenWith('test', { status: 1, failed: 1, failures: ['✖ it'] }), /happy ended with 1: ✖ it/],
    ['ran no test of a file', seenWith('test', { passed: 0 }), /happy ended with 0/],
    ['fails the sandbox suite', seenWith('rust', { status: 101, failed: 2 }), /rust ended with 101/],
  ]) {
    test(`that ${what} has problems`, () => {
      const { problems } = rowOf('machine', '', seen)
      assert.ok(problems.some((each) => problem.test(each)), problems.join('\n'))
    })
  }

  test('has its row in the page, in place of an earlier one', () => {
    const page = 'before\n<!-- machines -->\nold\n<!-- /machines -->\nafter\n'
    const written = withTable(page, [rowOf('a | b', '', SEEN)])
    assert.match(written, /^before\n<!-- machines -->\nBy `npm run machines`.*\n\n\| machine .*\n\| --- .*\n\| a \\\| b .*\n<!-- \/machines -->\nafter\n$/)
  })
})
