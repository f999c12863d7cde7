import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { failure } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

/** The system calls of packages that copy, write or lock files, and of packages that watch them. */
const TOOLS = `
import fs from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const copyFile = ({ from, to }) => fs.copyFileSync(from, to)
export const cp = ({ from, to }) => fs.cpSync(from, to, { recursive: true, preserveTimestamps: true })
export const cpLater = ({ from, to }) => fs.promises.cp(from, to, { recursive: true })

/** Like write-file-atomic. */
export async function atomic({ to }) {
  const { mode, uid, gid } = fs.statSync(to)
  const handle = await fs.promises.open(to + '.new', 'w', mode)
  await handle.writeFile('new')
  await handle.chown(uid, gid)
  await handle.chmod(mode)
  await handle.close()
  fs.renameSync(to + '.new', to)
}

/** Like proper-lockfile. */
export function lock({ to }) {
  fs.mkdirSync(to + '.lock')
  fs.utimesSync(to + '.lock', new Date(5000), new Date(5000))
  const { mtimeMs } = fs.statSync(to + '.lock')
  fs.rmdirSync(to + '.lock')
  return mtimeMs
}

export const times = ({ to }) => {
  fs.utimesSync(to, 10, 20)
  const fd = fs.openSync(to, 'r+')
  fs.futimesSync(fd, 30, 40)
  fs.fchmodSync(fd, 0o604)
  fs.closeSync(fd)
  fs.symlinkSync(to, to + '.link')
  fs.lutimesSync(to + '.link', 50, 60)
  return [fs.statSync(to).mtimeMs, fs.statSync(to).mode & 0o777, fs.lstatSync(to + '.link').mtimeMs]
}

export const program = ({ from, to }) => {
  const { status, stderr, error } = spawnSync('/bin/cp', ['-a', from, to], { encoding: 'utf8' })
  if (error) throw error
  return [status, stderr]
}

export async function watch({ path, touch }) {
  const events = []
  const seen = new Promise((resolve, reject) => {
    const watcher = fs.watch(path, (kind, name) => {
      watcher.close()
      resolve(name)
    })
    watcher.on('error', reject)
  })
  fs.writeFileSync(touch, 'x')
  return seen
}
`

for (const runtimeType of ['bun', 'node']) {
  const flags = (...given) =>
    runtimeType === 'bun'
      ? { bunPermissions: given }
      : { nodeOptions: ['--permission', ...given.map((flag) => flag.replace(/^--allow-(read|write)=/, '--allow-fs-$1=').replace(/^--allow-run$/, '--allow-child-process'))] }
  const named = (flag) => (runtimeType === 'bun' ? flag : flag.replace('--allow-', '--allow-fs-'))

  describe(`Metadata of files, with ${runtimeType} and a list,`, () => {
    const bench = workbench()
    const setUp = (...more) => {
      const project = bench.project({ files: { 'tools.mjs': TOOLS } })
      const from = bench.project({ files: { 'file': 'old', 'tree/a/file': 'text', 'tree/b/file': 'text' } })
      // Whole seconds, because Node passes times as fractions.
      utimesSync(from.path('tree/a/file'), 10, 20)
      const to = bench.project({ files: { 'file': 'old' } })
      const manager = bench.open(project, { runtimeType, entrypointPath: 'tools.mjs', ...flags(`--allow-read=${from.dir},${to.dir}`, `--allow-write=${to.dir}`, ...more) })
      return { from, to, project, call: (tool, input) => manager.executeTool(tool, input) }
    }

    it('are those of a copy.', async () => {
      const { from, to, call } = setUp()
      await call('copyFile', { from: from.path('file'), to: to.path('copy') })
      assert.equal(readFileSync(to.path('copy'), 'utf8'), 'old')
      await call('cp', { from: from.path('tree'), to: to.path('tree') })
      assert.equal(readFileSync(to.path('tree/a/file'), 'utf8'), 'text')
      assert.equal(statSync(to.path('tree/a/file')).mtimeMs, 20_000)
      await call('cpLater', { from: from.path('tree'), to: to.path('later') })
      assert.equal(readFileSync(to.path('later/b/file'), 'utf8'), 'text')
    })

    it('are kept by what writes atomically, and set by what locks.', async () => {
      const { to, call } = setUp()
      await call('atomic', { to: to.path('file') })
      assert.equal(readFileSync(to.path('file'), 'utf8'), 'new')
      assert.equal(await call('lock', { to: to.path('file') }), 5000)
    })

    it('are set by path, by descriptor and of links themselves.', async () => {
      const { to, call } = setUp()
      assert.deepEqual(await call('times', { to: to.path('file') }), [40_000, 0o604, 60_000])
    })

    it('are those of a program too.', async () => {
      const { from, to, call } = setUp('--allow-run')
      assert.deepEqual(await call('program', { from: from.path('tree'), to: to.path('copy') }), [0, ''])
      const [copy, original] = [to, from].map((of, at) => statSync(of.path(at === 0 ? 'copy/a' : 'tree/a')))
      assert.deepEqual([copy.mode, Math.trunc(copy.mtimeMs)], [original.mode, Math.trunc(original.mtimeMs)])
    })

    it('outside of it are refused, and the hint names the path.', async () => {
      const { from, call } = setUp()
      const error = await failure(call('times', { to: from.path('file') }))
      assert.deepEqual([error.code, error.permission, error.resource], ['ERR_ACCESS_DENIED', 'write', from.path('file')])
      assert.ok(error.hint.includes(`add ${named(`--allow-write=${from.path('file')}`)} to`), error.hint)
    })

    it('do not keep files from being watched.', async () => {
      const { to, project, call } = setUp()
      assert.equal(await call('watch', { path: to.dir, touch: to.path('touched') }), 'touched')
      const outside = bench.project({ files: { 'sub/file': '' } })
      mkdirSync(project.path('other'))
      writeFileSync(outside.path('more'), '')
      const error = await failure(call('watch', { path: outside.dir, touch: to.path('again') }))
      assert.deepEqual([error.code, error.permission, error.resource], ['ERR_ACCESS_DENIED', 'read', outside.dir])
      assert.ok(error.hint.includes(`add ${named(`--allow-read=${outside.dir}`)} to`), error.hint)
    })
  })
}
