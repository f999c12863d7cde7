import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { PERMISSION_FLAGS } from '../../js/cli/permission-flags.js'
import { cli, startCli, TOOLS } from '../support/cli.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { processEnd } from '../support/processes.mjs'
import { workbench } from '../support/workbench.mjs'

describe('toolwarden bench', () => {
  const bench = workbench()
  const run = (...args) => cli(['bench', TOOLS, ...args], { cwd: bench.project().dir })

  test('a row for each kind of process', async () => {
    const { code, stdout } = await run('echo', '--n', '5', '--input', '{"a":1}')
    const [head, ...rows] = stdout.trimEnd().split('\n')
    assert.match(head, /^process +p50 ms +p95 ms +p99 ms +calls\/s$/)
    assert.deepEqual(
      rows.map((row) => row.split(/\s+/)[0]),
      ['cold', 'prewarmed', 'reused'],
    )
    for (const row of rows) assert.match(row, /^\w+( +[\d.]+){4}$/)
    assert.equal(code, 0)
  })

  test('a tool that fails ends it with its exit code', async () => {
    const { code, stdout, stderr } = await run('fail', '--n', '5')
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^error: .*the tool gave up/m)
  })

  test('2: a count that is none', async () => {
    const { code, stderr } = await run('echo', '--n', '0')
    assert.match(stderr, /^error: --n takes a whole number/m)
    assert.equal(code, 2)
  })

  test('130: interrupted between calls', async () => {
    const started = startCli(['bench', TOOLS, 'echo', '--n', '9999999'], { cwd: bench.project().dir, input: '' })
    await started.err.line(/^cold: /)
    started.child.kill('SIGINT')
    assert.equal((await started.ended()).code, 130)
    await processEnd(started.child.pid)
  })
})

describe('toolwarden doctor', () => {
  const bench = workbench()

  test('tries every kind of permission with a real tool, and its exit code says whether they held', needsSandbox, async () => {
    const { code, stdout, stderr } = await cli(['doctor', '--json'], { cwd: bench.project().dir })
    const report = JSON.parse(stdout)
    assert.deepEqual(
      report.permissions.map(({ kind }) => kind),
      [...PERMISSION_FLAGS.filter((flag) => flag.startsWith('--allow-') && flag !== '--allow-all').map((flag) => flag.slice('--allow-'.length)), 'memory'],
    )
    const held = report.enforcement === 'kernel' && report.permissions.every(({ refused, allowed }) => refused && allowed)
    assert.equal(report.ok, held)
    assert.equal(code, held ? 0 : 1)
    assert.equal(stderr, '')
    assert.match(report.memoryControl, /^(watchdog over the process group|a cgroup v2 for each process, and a watchdog over the process group)$/)
    assert.deepEqual(report.forks, { possible: true, reason: null })
    assert.match(report.runtimes[0].version, /^\d+\.\d+\.\d+/)
    for (const { kind, allowed } of report.permissions) assert.ok(allowed, `${kind} works where it is allowed`)
  })

  test('the same for people', needsSandbox, async () => {
    const { stdout } = await cli(['doctor'], { cwd: bench.project().dir })
    for (const row of ['kernel', 'user', 'Landlock', 'seccomp', 'enforced by', 'held by', 'memory', 'forks', 'Bun', 'Node', 'permission', 'read', 'run']) {
      assert.match(stdout, new RegExp(`^${row} `, 'm'))
    }
  })
})
