import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'

import { caller } from './support/access.mjs'
import { workbench } from './support/workbench.mjs'

/** Tool; path; second path; whether the file itself or its directory has to be allowed. */
const WRITES = [
  ['writeFile', 'in.txt', undefined, 'file'],
  ['Bun.write', 'in.txt', undefined, 'file'],
  ['appendFile', 'in.txt', undefined, 'file'],
  ['open-a', 'in.txt', undefined, 'file'],
  ['truncate', 'in.txt', undefined, 'file'],
  ['writeFile', 'new.txt', undefined, 'directory'],
  ['Bun.write', 'new.txt', undefined, 'directory'],
  ['appendFile', 'new.txt', undefined, 'directory'],
  ['open-a', 'new.txt', undefined, 'directory'],
  ['opens-exclusively', 'new.txt', undefined, 'directory'],
  ['mkdir', 'new', undefined, 'directory'],
  ['mkdir-recursive', 'new', undefined, 'directory'],
  ['rm', 'in.txt', undefined, 'directory'],
  ['unlink', 'in.txt', undefined, 'directory'],
  ['rmdir', 'empty', undefined, 'directory'],
  ['rm-recursive', 'sub', undefined, 'directory'],
  ['rename-to', 'in.txt', 'moved.txt', 'directory'],
  ['copyFile-to', 'in.txt', 'copy.txt', 'directory'],
  ['copyFile-to', 'in.txt', 'other.txt', 'file'],
  ['symlink', 'link', 'in.txt', 'directory'],
  ['link', 'in.txt', 'second.txt', 'directory'],
]

/** The path that each tool writes. */
const target = (tool, path, to) => (['copyFile-to', 'link'].includes(tool) ? to : path)

describe('A refused write', () => {
  const bench = workbench()
  const setUp = () => {
    const outside = bench.project({ files: { 'in.txt': 'hello', 'other.txt': 'other', 'sub/file.txt': 'x' } })
    mkdirSync(outside.path('empty'))
    return { outside, ...caller(bench, bench.project({ tools: 'file-accesses.ts' })) }
  }

  for (const [tool, path, to, grant] of WRITES) {
    it(`by ${tool} of ${path}${to ? ` and ${to}` : ''} is named, and allowed by the flag of its hint.`, async () => {
      const { outside, denied, follows } = setUp()
      const input = { path: outside.path(path), to: to && outside.path(to) }
      const { error, denials } = await denied(['--allow-read'], tool, input)
      const resource = outside.path(target(tool, path, to))
      assert.deepEqual([error.permission, error.resource], ['write', resource])
      const flag = `--allow-write=${grant === 'file' ? resource : outside.dir}`
      assert.ok(error.hint.includes(`add ${flag} to`), error.hint)
      assert.deepEqual(denials, [{ permission: 'write', resource, flag }])
      const { hinted } = await follows(['--allow-read'], tool, input)
      assert.deepEqual(hinted, [flag])
    })
  }

  it('of a file that is there really changes nothing, and with the flag does.', async () => {
    const { outside, denied, succeeds } = setUp()
    const path = outside.path('in.txt')
    await denied(['--allow-read'], 'writeFile', { path })
    assert.equal(readFileSync(path, 'utf8'), 'hello')
    await succeeds([`--allow-write=${path}`], 'writeFile', { path })
    assert.equal(readFileSync(path, 'utf8'), 'x')
  })

  it('is followed by hints until both ends of a move are allowed.', async () => {
    const { outside, follows } = setUp()
    const other = bench.project()
    const { hinted } = await follows([], 'rename-to', { path: outside.path('in.txt'), to: other.path('moved.txt') })
    assert.deepEqual(hinted, [`--allow-write=${outside.dir}`, `--allow-write=${other.dir}`])
    assert.ok(existsSync(other.path('moved.txt')))
  })

  it('deep below what is there names the nearest directory that is.', async () => {
    const { outside, denied, follows } = setUp()
    const path = outside.path('a/b/c')
    const { error } = await denied([], 'mkdir-recursive', { path })
    assert.deepEqual([error.permission, error.resource], ['write', outside.path('a')])
    await follows([], 'mkdir-recursive', { path })
    assert.ok(existsSync(path))
  })

  it('of a directory with a name of the runtime\'s choice names its parent.', async () => {
    const { outside, denied, follows } = setUp()
    const { error } = await denied([], 'mkdtempSync', { path: outside.path('made-') })
    assert.equal(error.permission, 'write')
    assert.equal(dirname(error.resource), outside.dir)
    assert.deepEqual((await follows([], 'mkdtempSync', { path: outside.path('made-') })).hinted, [`--allow-write=${outside.dir}`])
  })

  it('without any flag is named for what it was, also where the file might have been read.', async () => {
    const { outside, follows } = setUp()
    const path = outside.path('in.txt')
    assert.deepEqual((await follows([], 'appendFile', { path })).hinted, [`--allow-write=${path}`])
    assert.equal(readFileSync(path, 'utf8'), 'hellox')
  })

  it('of metadata names the file, and works with a list.', async () => {
    const { outside, denied, succeeds, follows } = setUp()
    const path = outside.path('in.txt')
    const { error } = await denied(['--allow-read'], 'chmod', { path })
    assert.deepEqual([error.permission, error.resource], ['write', path])
    assert.deepEqual((await follows(['--allow-read'], 'chmod', { path })).hinted, [`--allow-write=${path}`])
    await succeeds(['--allow-read', `--allow-write=${outside.dir}`], 'chmod', { path })
    await succeeds(['--allow-read', '--allow-write'], 'chmod', { path })
  })

  it('does not come with the right to read.', async () => {
    const { outside, denied } = setUp()
    const path = outside.path('in.txt')
    const { error } = await denied([`--allow-write=${outside.dir}`], 'readFile', { path })
    assert.deepEqual([error.permission, error.resource], ['read', path])
  })
})
