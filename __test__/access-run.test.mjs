import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { workbench } from './support/workbench.mjs'

/**
 * Ways to start a program, and the value that each returns for a program that prints nothing. Those that use a shell
 * need permission for the shell first.
 */
const DIRECT = { spawn: 0, execFile: '', execFileSync: 0, spawnSync: 0, 'Bun.spawn': 0, 'Bun.spawnSync': 0, 'wrapped-as-cause': 0 }
const BY_SHELL = { exec: '', execSync: 0 }

const setUpWith = (bench) => () => caller(bench, bench.project({ tools: 'run-accesses.ts' }))

describe('A refused program', () => {
  const bench = workbench()
  const setUp = setUpWith(bench)

  for (const [situation, flags] of [['no flag', []], ['a list of others', ['--allow-run=ls']]]) {
    for (const [tool, value] of Object.entries(DIRECT)) {
      it(`by ${tool}, with ${situation}, is named, and allowed by the flag of its hint.`, async () => {
        const { denied, follows } = setUp()
        const { error, denials } = await denied(flags, tool, { program: 'true' })
        assert.equal(error.permission, 'run')
        assert.match(error.resource, /^\/(usr\/)?bin\/true$/)
        assert.ok(error.hint.includes('add --allow-run=true to'), error.hint)
        assert.deepEqual(denials, [{ permission: 'run', resource: error.resource, flag: '--allow-run=true' }])
        assert.deepEqual(await follows(flags, tool, { program: 'true' }), { hinted: ['--allow-run=true'], value })
      })
    }

    for (const [tool, value] of Object.entries(BY_SHELL)) {
      it(`by ${tool}, with ${situation}, leads to the shell and then to the program in it.`, async () => {
        const { denied, follows } = setUp()
        const { error } = await denied(flags, tool, { program: '/usr/bin/true' })
        assert.deepEqual([error.permission, error.resource], ['run', '/bin/sh'])
        const { hinted, value: given } = await follows(flags, tool, { program: '/usr/bin/true' })
        assert.deepEqual({ hinted, given }, { hinted: ['--allow-run=sh', '--allow-run=true'], given: value })
      })
    }

    it(`by Bun.$, with ${situation}, is named, and allowed by the flag of its hint.`, async () => {
      const { follows } = setUp()
      assert.deepEqual(await follows(flags, 'Bun.shell', { program: '/usr/bin/true' }), { hinted: ['--allow-run=true'], value: 0 })
    })

    it(`is in the record, with ${situation}, when the tool swallowed it.`, async () => {
      const { start } = setUp()
      const { result, recorded } = start(flags, 'swallowed', { program: 'true' })
      assert.equal(await result, 'used a default')
      const { denials, outcome } = await recorded
      assert.equal(outcome, 'success')
      assert.equal(denials.length, 1)
      assert.deepEqual([denials[0].permission, denials[0].flag], ['run', '--allow-run=true'])
    })
  }

  it('that is on no PATH is allowed by its path.', async () => {
    const { follows } = setUp()
    const place = bench.project({ files: { 'greet.sh': '#!/bin/sh\nexit 0\n' } })
    const program = place.path('greet.sh')
    chmodSync(program, 0o755)
    const { hinted, value } = await follows(['--allow-read'], 'spawn', { program })
    assert.deepEqual({ hinted, value }, { hinted: [`--allow-run=${program}`], value: 0 })
  })

  it('that PATH does not find by its name, such as behind a shim, is named by its path.', async () => {
    const { follows } = setUp()
    const shims = bench.project({ files: { 'true': '#!/bin/sh\nexit 3\n' } })
    chmodSync(shims.path('true'), 0o755)
    const { PATH } = process.env
    process.env.PATH = `${shims.dir}:${PATH}`
    try {
      const flags = ['--allow-read']
      assert.deepEqual(await follows(flags, 'spawn', { program: '/usr/bin/true' }), { hinted: ['--allow-run=/usr/bin/true'], value: 0 })
      assert.deepEqual((await follows(flags, 'spawn', { program: '/usr/bin/env' })).hinted, ['--allow-run=env'])
    } finally {
      process.env.PATH = PATH
    }
  })

  it('that is not there is no denial.', async () => {
    const { fails } = setUp()
    for (const flags of [[], ['--allow-run=ls'], ['--allow-run']]) {
      const { error, denials } = await fails(flags, 'spawn', { program: 'no-such-program' })
      assert.equal(error.code, 'ERR_TOOL_THREW')
      assert.equal(error.cause.code, 'ENOENT')
      assert.deepEqual(denials, [])
    }
  })

  it('may be any with the flag alone.', async () => {
    const { start } = setUp()
    const { result, recorded } = start(['--allow-run'], 'execFile', { program: 'true' })
    assert.equal(await result, '')
    assert.deepEqual((await recorded).denials, [])
  })

  it('stays within the worker\'s other permissions.', async () => {
    const { fails } = setUp()
    const outside = bench.project({ files: { 'in.txt': 'hello' } })
    const { error } = await fails(['--allow-run'], 'execSync', { program: `cat ${outside.path('in.txt')}` })
    assert.match(error.message, /Permission denied/)
    const { result } = caller(bench, bench.project({ tools: 'run-accesses.ts' }))
      .start(['--allow-run', `--allow-read=${outside.dir}`], 'execSync', { program: `cat ${outside.path('in.txt')}` })
    assert.equal(await result, 'hello'.length)
  })
})
