/** How `npm run kernels` judges what ran on a kernel, and what it writes of it. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judge } from '../scripts/kernels/judge.mjs'
import { hasRecord, recordOf, textOf, withRecord } from '../scripts/kernels/records.mjs'
import { problemsOf, rowsOf, SUITES, withRows } from '../scripts/kernels/report.mjs'

const ended = (stdout, status = 0, more = {}) => ({ status, stdout, stderr: '', ...more })
const REPORT = {
  ok: true,
  problem: null,
  hint: null,
  landlockAbi: 2,
  heldBy: { tcp: 'supervisor', signals: 'seccomp', truncate: 'seccomp+supervisor' },
  permissions: [{ kind: 'read', refused: true, allowed: true, problem: null }],
  runtimes: [{ type: 'bun', version: '1.4.5' }],
}
const LACKING = { ...REPORT, ok: false, problem: 'no Landlock', hint: 'update', landlockAbi: null, heldBy: null, permissions: [] }
const RESULT = { attack: { good: true }, twin: { good: true } }
const NOT_STARTED = { good: false, outcome: { error: { code: 'ERR_WORKER_START' } } }
const DEMO = '\n> orderTotal\n  {"total":11.2}'

describe('What ran on a kernel', () => {
  for (const [what, kind, how, landlock] of [
    ['doctor that holds everything', 'doctor', ended(JSON.stringify(REPORT)), true],
    ['doctor that says what is missing, without Landlock', 'doctor', ended(JSON.stringify(LACKING), 1), false],
    ['Rust tests that passed', 'rust', ended('test result: ok. 38 passed; 0 failed; 0 ignored'), true],
    ['JavaScript tests that passed', 'node', ended('ℹ pass 3\nℹ fail 0'), true],
    ['attacks that were refused', 'attacks', ended(`warning\n${JSON.stringify({ one: RESULT })}\n`), true],
    ['the demonstration', 'demo', ended(`sandbox: kernel; tools: a${DEMO}`), true],
    ['the demonstration without Landlock', 'demo', ended(`This machine cannot enforce what tools may do.\nsandbox: none; tools: a${DEMO}`), false],
  ]) {
    test(`is good: ${what}`, () => assert.deepEqual([judge(kind, how, landlock).good, judge(kind, how, landlock).failures], [true, []]))
  }

  for (const [what, kind, how, landlock, failure] of [
    ['doctor that holds nothing', 'doctor', ended(JSON.stringify(LACKING), 1), true, /no Landlock/],
    ['doctor that says all is well without Landlock', 'doctor', ended(JSON.stringify(REPORT)), false, /ended with 0/],
    ['doctor that breaks', 'doctor', ended('', 134, { stderr: 'aborted' }), true, /ended with 134: aborted/],
    ['a Rust test that failed', 'rust', ended('test a::b ... FAILED\ntest result: FAILED. 37 passed; 1 failed; 0 ignored', 101), true, /^a::b$/],
    ['a Rust test that was left out', 'rust', ended('test result: ok. 37 passed; 0 failed; 1 ignored'), true, /ended with 0/],
    ['tests that were killed', 'node', ended('ok so far', null, { killed: 'killed after 60 s' }), true, /killed after 60 s: ok so far/],
    ['no test', 'node', ended('ℹ pass 0\nℹ fail 0'), true, /ended with 0/],
    ['an attack that succeeded', 'attacks', ended(JSON.stringify({ one: { ...RESULT, attack: { good: false } }, two: RESULT })), true, /^one: /],
    ['an attack whose process did not start', 'attacks', ended(JSON.stringify({ one: { ...RESULT, attack: NOT_STARTED } })), true, /^one: /],
    ['a twin that failed', 'attacks', ended(JSON.stringify({ one: { ...RESULT, twin: { good: false } } })), true, /^one: /],
    ['attacks that broke', 'attacks', ended('', 1, { stderr: 'no module' }), true, /no module/],
    ['no attack', 'attacks', ended('{}'), true, /^$/],
    ['a demonstration that does not say that there is no sandbox', 'demo', ended(`sandbox: none; tools: a${DEMO}`), false, /sandbox: none/],
    ['a demonstration without a sandbox where there is one', 'demo', ended(`This machine cannot enforce what tools may do.\nsandbox: none; tools: a${DEMO}`), true, /cannot enforce/],
    ['a cold call that was not measured', 'cold call', ended('', 1, { stderr: 'no Bun' }), true, /no Bun/],
  ]) {
    test(`is not good: ${what}`, () => {
      const { good, failed, failures } = judge(kind, how, landlock)
      assert.equal(good, false)
      assert.ok(failed > 0)
      assert.match(failures.join('\n'), failure)
    })
  }

  test('counts attacks and twins apart', () => {
    const { succeeded, twins, passed, failed } = judge('attacks', ended(JSON.stringify({ a: RESULT, b: { attack: { good: false }, twin: { good: true } }, c: { broken: 'hung' }, d: { ...RESULT, attack: NOT_STARTED } })), true)
    assert.deepEqual({ succeeded, twins, passed, failed }, { succeeded: 1, twins: 3, passed: 1, failed: 3 })
  })
})

const task = (suite, name) => ({ suite, name })
const KERNEL = { name: '6.1', suite: 'bookworm', who: 'Debian 12', landlock: true, forks: false }
const TASKS = { alone: [], root: [task('doctor', 'doctor'), task('attacks', 'clone'), task('attacks', 'ioctl')], user: [task('doctor', 'doctor')] }
const SEEN = [
  { kind: 'machine', release: '6.1.0-50' },
  { kind: 'task', who: 'root', suite: 'doctor', name: 'doctor', good: true, passed: 1, failed: 0, failures: [], shown: 'ABI 2' },
  { kind: 'task', who: 'user', suite: 'doctor', name: 'doctor', good: false, passed: 0, failed: 1, failures: ['a | b'], shown: 'read: a | b' },
  { kind: 'task', who: 'root', suite: 'attacks', name: 'clone', good: true, passed: 4, failed: 0, failures: [], succeeded: 0, twins: 4 },
  { kind: 'end', who: 'root' },
  { kind: 'end', who: 'user' },
]
/** The records of what a machine told. */
const recordsOf = (seen, { release = '6.1.0-50', day = '2026-11-30', before = [] } = {}) =>
  seen.filter(({ kind }) => kind === 'task').reduce((records, told) => withRecord(records, recordOf({ kernel: KERNEL.name, release, day }, told)), before)
const tableRows = (records) => rowsOf(KERNEL, TASKS, records)
/** The cells of the suites. */
const cellsOf = (seen) => tableRows(recordsOf(seen)).map(({ cells }) => Object.fromEntries(SUITES.map((suite, at) => [suite, cells.at(at - SUITES.length)])))
const IOCTL = { kind: 'task', who: 'root', suite: 'attacks', name: 'ioctl', good: false, passed: 2, failed: 1, failures: ['x'], succeeded: 0, twins: 3 }

describe('The table of kernels', () => {
  test('says what worked, what failed and what was not run', () => {
    const [root, user] = cellsOf(SEEN)
    assert.equal(root.doctor, 'works: ABI 2')
    assert.equal(root.attacks, 'works: 0 of 4 succeeded, 4 of 4 twins worked; **1 of 2 files were not run**')
    assert.equal(root['Rust sandbox suite'], '')
    assert.equal(user.doctor, '**read: a \\| b**')
    assert.deepEqual(cellsOf(SEEN.slice(0, 1)), [])
  })

  test('adds up what several runs took in parts, and says from which days they are', () => {
    const first = recordsOf(SEEN)
    const [root] = tableRows(recordsOf([IOCTL], { day: '2026-12-01', before: first }))
    assert.equal(root.cells[3], '2026-11-30 to 2026-12-01')
    assert.equal(root.cells[5 + SUITES.indexOf('attacks')], '**0 of 7 succeeded, 7 of 7 twins worked**; ioctl')
    assert.equal(root.cells[5], 'works: ABI 2')
  })

  test('takes the last run of a program, and nothing of a release or a file that is gone', () => {
    const first = recordsOf([...SEEN, IOCTL])
    const again = recordsOf([{ ...IOCTL, good: true, passed: 3, failed: 0 }], { before: first })
    assert.equal(tableRows(again)[0].cells[5 + SUITES.indexOf('attacks')], 'works: 0 of 7 succeeded, 7 of 7 twins worked')
    const newer = recordsOf([IOCTL], { release: '6.1.0-51', before: first })
    assert.equal(tableRows(newer)[0].cells[5 + SUITES.indexOf('attacks')], '**0 of 3 succeeded, 3 of 3 twins worked**; ioctl; **1 of 2 files were not run**')
    assert.deepEqual(tableRows(newer).map(({ cells }) => cells[1]), ['6.1.0-51', '6.1.0-50'])
    const gone = recordsOf([{ ...IOCTL, name: 'renamed' }], { before: recordsOf(SEEN) })
    assert.equal(tableRows(gone)[0].cells[5 + SUITES.indexOf('attacks')], 'works: 0 of 4 succeeded, 4 of 4 twins worked; **1 of 2 files were not run**')
  })

  test('knows what has a record on a release', () => {
    const records = recordsOf(SEEN)
    const clone = { kernel: '6.1', release: '6.1.0-50', who: 'root', suite: 'attacks', name: 'clone' }
    assert.deepEqual([clone, { ...clone, who: 'user' }, { ...clone, release: '6.1.0-51' }, { ...clone, name: 'ioctl' }].map((what) => hasRecord(records, what)), [true, false, false, false])
    assert.deepEqual(JSON.parse(textOf(records)), records)
  })

  test('names every problem, and that a machine ended early', () => {
    const problems = (seen) => problemsOf(KERNEL.name, TASKS, seen)
    assert.deepEqual(problems(SEEN), ['6.1: 1 of 2 tasks of attacks were not run as root', '6.1, doctor as user:\na | b'])
    assert.ok(problems(SEEN.slice(0, -1)).includes('6.1: the machine ended before its tests did as user'))
  })

  const page = (rows) => `a\n<!-- kernels -->\n| kernel |\n| --- |\n${rows.join('\n')}\n<!-- /kernels -->\nb\n`

  test('keeps the rows of other kernels, oldest first', () => {
    const rows = tableRows(recordsOf(SEEN))
    const before = page(['| 5.10 | kept |', '| 6.12 | kept |', '| newest | kept |'])
    const written = withRows(withRows(before, rows), rows)
    assert.deepEqual(written.split('\n').map((line) => line.slice(0, 12).trim()), [
      'a', '<!-- kernels', '| kernel | r', '| --- | ---', '| 5.10 | kep', '| 6.1 | 6.1.', '| 6.1 | 6.1.', '| 6.12 | kep', '| newest | k', '<!-- /kernel', 'b', '',
    ])
  })

  test('keeps the columns of which there is no record, of the same release, with their day', () => {
    const first = withRows(page([]), tableRows(recordsOf(SEEN, { day: '2026-11-29' })))
    const doctor = (release) => tableRows(recordsOf([SEEN[1]], { release }))
    const kept = withRows(first, doctor('6.1.0-50'))
    assert.match(kept, /\| 2026-11-29 to 2026-11-30 \| root \|.* 0 of 4 succeeded/)
    assert.match(withRows(kept, doctor('6.1.0-50')), /\| 2026-11-29 to 2026-11-30 \| root \|/)
    assert.match(withRows(first, doctor('6.1.0-51')), /\| 2026-11-30 \| root \|/)
    assert.doesNotMatch(withRows(first, doctor('6.1.0-51')), /0 of 4 succeeded/)
  })

  test('keeps the row of a user for whom nothing was run', () => {
    const first = withRows(page([]), tableRows(recordsOf(SEEN, { day: '2026-11-29' })))
    const again = withRows(first, tableRows(recordsOf(SEEN.filter(({ who }) => who !== 'user'))))
    assert.deepEqual(again.match(/2026-11-\d+ \| (root|a user)/g), ['2026-11-30 | root', '2026-11-29 | a user'])
  })
})
