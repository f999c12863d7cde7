/** What a container engine's own filter leaves of the sandbox: everything, under Docker's default profile. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import '../support/about-the-sandbox.mjs'
import { compile } from '../support/attack-natives.mjs'
import { BIN, environment } from '../support/cli.mjs'
import { compileLauncher } from '../support/docker-profile.mjs'
import { SANDBOX } from '../support/settings.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const support = (name) => fileURLToPath(new URL(`../support/${name}`, import.meta.url))
const fixture = (name) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
const isRoot = process.getuid() === 0
/** A number without a name, as OpenShift gives it. */
const USER = isRoot ? '65532' : String(process.getuid())
/** Root in the container, where the tests' own user can be it, and an ordinary user. */
const USERS = isRoot ? ['root', USER] : [USER]
/** The part of the suite that runs here: every kind of permission, calls in both isolations, temporary files. */
const QUICK = ['happy', 'isolation', 'access-net', 'access-listen', 'access-read', 'access-write', 'access-run', 'denials', 'temporary-directory'].map(
  (name) => `./__test__/${name}.test.mjs`,
)
const QUICK_BOUND = 240_000

describe('Under the profile of a container engine', () => {
  const bench = workbench()
  let docker
  let home
  before(() => {
    docker = compileLauncher('docker')
    // Bun makes its home directory where it may; none of the tests must find it.
    home = mkdtempSync(join(tmpdir(), 'warden-home-'))
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  /** Runs a program under a launcher to its end. */
  async function under(launcher, user, words, { bound, env = {} } = {}) {
    const child = spawn(launcher, [user, ...words], { cwd: root, env: { ...environment({ HOME: home }), ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
    const closed = new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
    try {
      return await bounded(closed, `${words.join(' ')} to end`, bound)
    } finally {
      child.kill('SIGKILL')
    }
  }

  /** What the calls of fixtures/hosts/container.mjs gave. The project is not the user's, who may not write to it. */
  async function calls(launcher, user, runtime) {
    const project = bench.project()
    copyFileSync(fixture('containers/tools.mjs'), join(project.dir, 'tools.mjs'))
    chmodSync(project.dir, 0o755)
    const settings = JSON.stringify({ sandbox: SANDBOX, entrypointPath: './tools.mjs' })
    const { code, stdout, stderr } = await under(launcher, user, [process.execPath, fixture('hosts/container.mjs'), settings, project.dir, runtime])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  const holds = ({ port, results }, runtime) => {
    assert.deepEqual(results.listed, { value: 'served' })
    assert.deepEqual(results.name, { value: 'served' })
    assert.deepEqual(results.everything, { value: 'served' })
    assert.deepEqual(results.served, { value: 'its own' })
    assert.deepEqual(results.plain, { value: 'ran' })
    for (const refused of [results.other, results.none]) {
      assert.equal(refused.code, 'ERR_ACCESS_DENIED', JSON.stringify(refused))
      assert.match(refused.hint, new RegExp(`add --allow-net=127\\.0\\.0\\.1:${port} to`), runtime)
    }
  }

  it('memory in sockets is limited although they cannot be copied.', async () => {
    compile()
    const { code, stdout, stderr } = await under(docker, USER, [process.execPath, support('attacks-as-user.mjs'), fixture('../containers/socket-memory.mjs')])
    assert.equal(code, 0, stderr)
    const results = Object.values(JSON.parse(stdout))
    assert.equal(results.length, 4)
    for (const { twin, attack } of results) assert.ok(twin?.good && attack?.good, stdout)
  })

  for (const user of USERS) {
    for (const runtime of ['bun', 'node']) {
      it(`Docker's lets ${user === 'root' ? 'root' : 'a user without capabilities'} hold lists of hosts, with ${runtime}.`, async () => {
        holds(await calls(docker, user, runtime), runtime)
      })
    }

    it(`Docker's passes doctor as ${user === 'root' ? 'root' : 'a user without a name'}.`, async () => {
      const { code, stdout, stderr } = await under(docker, user, [process.execPath, BIN, 'doctor', '--json'])
      const report = JSON.parse(stdout)
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.ok(report.ok && report.enforcement === 'kernel')
      for (const { kind, refused, allowed, problem } of report.permissions) assert.ok(refused && allowed, `${kind}: ${problem}`)
      if (user === '65532') assert.equal(report.user, 'no name (65532)')
    })
  }

  it('one that refuses process_vm_readv too is as good.', async () => {
    const stricter = compileLauncher('without-vm', ['process_vm_readv', 'process_vm_writev', 'ptrace'])
    holds(await calls(stricter, USER, 'bun'), 'bun')
  })

  it('one in which a supervisor cannot work refuses lists of hosts by name, and holds the rest.', async () => {
    const stricter = compileLauncher('without-pidfd', ['pidfd_open'])
    const { results } = await calls(stricter, USER, 'bun')
    assert.deepEqual(results.plain, { value: 'ran' })
    assert.equal(results.listed.code, 'ERR_SANDBOX_UNAVAILABLE')
    assert.match(results.listed.message, /pidfd_getfd/)
    assert.match(results.listed.hint, /--cap-add SYS_PTRACE/)
    assert.notEqual(results.none.value, 'served')
  })

  it('Docker\'s passes the quick part of this suite.', async () => {
    const runner = process.versions.bun ? ['test', '--timeout=60000'] : ['--test', '--test-timeout=60000']
    const { code, stdout, stderr } = await under(docker, isRoot ? 'root' : USER, [process.execPath, ...runner, ...QUICK], { bound: QUICK_BOUND })
    // Marked, so that nobody takes it for the output of the tests around it.
    assert.equal(code, 0, `${stdout.slice(-20_000)}${stderr.slice(-20_000)}`.replaceAll('\n', '\n| '))
  })
})
