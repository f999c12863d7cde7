/** Projects that the host may not write: files of another user, a read-only root; a user without name, HOME or /tmp. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import { needsLinux } from '../support/needs.mjs'
import { SANDBOX } from '../support/settings.mjs'

const isRoot = process.getuid() === 0
const root = fileURLToPath(new URL('../../', import.meta.url))
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
const bin = join(root, 'js/cli/bin.js')
/** An ordinary user without a name, where the tests may become one. */
const AS_USER = isRoot ? ['setpriv', '--reuid=65532', '--regid=65532', '--clear-groups'] : []
/** A view of the system in which nothing can be written except /dev/shm. */
const READ_ONLY = ['unshare', ...(isRoot ? ['--mount'] : ['--user', '--map-current-user', '--mount']), 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'sh']

describe('A project that cannot be written', () => {
  let base
  let project
  before(() => {
    // Not in /tmp, which some of the views do not have.
    mkdirSync(join(root, 'target/containers'), { recursive: true })
    base = mkdtempSync(join(root, 'target/containers/unwritable-'))
    project = join(base, 'project')
    mkdirSync(project)
    for (const place of ['runtime', 'temporary']) {
      mkdirSync(join(base, place))
      chmodSync(join(base, place), 0o1777)
    }
    copyFileSync(fixture('containers/tools.mjs'), join(project, 'tools.mjs'))
    chmodSync(base, 0o755)
    chmodSync(project, 0o555)
  })
  after(() => {
    chmodSync(project, 0o755)
    rmSync(base, { recursive: true })
  })

  /** Runs a program with nothing but these variables; its standard output. */
  const run = (view, args, env) => execFileSync('env', ['-i', `PATH=${process.env.PATH}`, ...view, ...AS_USER, 'env', ...Object.entries(env).map((pair) => pair.join('=')), process.execPath, ...args], { cwd: project, encoding: 'utf8', timeout: 60_000 })

  const call = (env, { view = [], config = {}, places = [] } = {}) => {
    const settings = JSON.stringify({ sandbox: SANDBOX, entrypointPath: './tools.mjs', minWorkers: 0, ...config })
    return JSON.parse(run(view, [fixture('hosts/unwritable.mjs'), settings, project, ...places], env))
  }

  for (const [what, config] of [
    ['Bun', {}],
    ['Node', { runtimeType: 'node' }],
    ['reused processes', { isolation: 'worker' }],
    ['lists', { bunPermissions: [] }],
  ]) {
    it(`has its worker file in XDG_RUNTIME_DIR, else in TMPDIR, with ${what}.`, () => {
      const [runtime, temporary] = [join(base, 'runtime'), join(base, 'temporary')]
      const places = [runtime, temporary]
      assert.deepEqual(call({ XDG_RUNTIME_DIR: runtime, TMPDIR: temporary }, { config, places }), { value: 'ran', during: [runtime], after: [] })
      assert.deepEqual(call({ XDG_RUNTIME_DIR: join(base, 'none'), TMPDIR: temporary }, { config, places }), { value: 'ran', during: [temporary], after: [] })
    })
  }

  it('keeps its entrypoint cache there.', () => {
    const place = join(base, 'temporary')
    const { value, during } = call({ TMPDIR: place }, { config: { entrypointCache: true }, places: [place] })
    assert.deepEqual({ value, during }, { value: 'ran', during: [place] })
  })

  it('in a read-only root, without /tmp, HOME and a name of the user, is called all the same.', needsLinux, () => {
    assert.deepEqual(call({}, { view: READ_ONLY, places: ['/dev/shm'] }), { value: 'ran', during: ['/dev/shm'], after: [] })
  })

  it('is no hindrance to doctor there.', needsLinux, () => {
    const report = JSON.parse(run(READ_ONLY, [bin, 'doctor', '--json'], {}))
    assert.ok(report.ok, JSON.stringify(report))
    if (isRoot) assert.equal(report.user, 'no name (65532)')
  })
})
