import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { workbench } from './support/workbench.mjs'

describe('A failure that is no denial', () => {
  const bench = workbench()
  const setUp = () => {
    const outside = bench.project({ files: { 'in.txt': 'hello', 'secret.txt': 'x', 'locked/file.txt': 'x' } })
    chmodSync(outside.path('secret.txt'), 0)
    chmodSync(outside.path('locked'), 0o500)
    return { outside, ...caller(bench, bench.project({ tools: 'file-accesses.ts' })) }
  }

  /** The action of the tool, with everything that it needs allowed, and the code of its own error. */
  const FAILURES = [
    ['reads what is not there', 'readFile', 'none.txt', 'ENOENT'],
    ['reads a directory', 'readFile', '.', 'EISDIR'],
    ['lists a file', 'readdir', 'in.txt', 'ENOTDIR'],
    ['makes what is there', 'mkdir', '.', 'EEXIST'],
    ['makes a file that is there', 'opens-exclusively', 'in.txt', 'EEXIST'],
    ['removes what is not there', 'unlink', 'none.txt', 'ENOENT'],
    ['removes a directory that is not empty', 'rmdir', 'locked', 'ENOTEMPTY'],
    // A worker has none of root's capabilities: the mode of a file applies to it even if root runs the host.
    ['reads a file whose mode forbids it', 'readFile', 'secret.txt', 'EACCES'],
    ['writes a file whose mode forbids it', 'appendFile', 'secret.txt', 'EACCES'],
    ['writes into a directory whose mode forbids it', 'writeFile', 'locked/new.txt', 'EACCES'],
  ]
  for (const [what, tool, path, code] of FAILURES) {
    for (const flags of [(dir) => [`--allow-read=${dir}`, `--allow-write=${dir}`], () => ['--allow-read', '--allow-write']]) {
      it(`stays what the tool threw: one that ${what} (${flags('dir').join(' ')}).`, async () => {
        const { outside, fails } = setUp()
        const { error, denials } = await fails(flags(outside.dir), tool, { path: outside.path(path) })
        assert.equal(error.code, 'ERR_TOOL_THREW', error.hint)
        assert.equal(error.cause.code, code)
        assert.equal(error.permission, undefined)
        assert.deepEqual(denials, [])
      })
    }
  }

  it('is distinguished also when nothing may be read.', async () => {
    const { fails } = setUp()
    const { error } = await fails([], 'readFile', { path: '/no/such/file' })
    assert.deepEqual([error.code, error.cause.code], ['ERR_TOOL_THREW', 'ENOENT'])
  })

  it('is any refusal without a sandbox.', async () => {
    const { outside } = setUp()
    const { fails } = caller(bench, bench.project({ tools: 'file-accesses.ts' }), { config: { sandbox: 'off' } })
    const { error, denials } = await fails([], 'rm', { path: outside.path('none.txt') })
    assert.equal(error.code, 'ERR_TOOL_THREW')
    assert.deepEqual(denials, [])
  })
})
