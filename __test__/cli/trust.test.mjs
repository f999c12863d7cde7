/**
 * A toolwarden.json that came with the project: the settings that take effect by themselves, and those that need the
 * user's consent.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, describe, test } from 'node:test'

import { keepOwnEnvironment } from '../../js/cli/own-environment.js'
import { cli } from '../support/cli.mjs'
import { isRoot, OTHER } from '../support/foreign.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { workbench } from '../support/workbench.mjs'

const TOOL = `import { writeFileSync } from 'node:fs'
export default { write: ({ path }) => { writeFileSync(path, 'by the tool'); return 'written' }, answer: () => 42 }`

describe('a toolwarden.json of the project', () => {
  const bench = workbench()
  const homes = []
  after(() => homes.forEach((home) => rmSync(home, { recursive: true, force: true })))

  /** A user's configuration, empty. */
  function newHome() {
    const home = mkdtempSync(join(tmpdir(), 'warden-home-'))
    homes.push(home)
    return home
  }

  function prepared(settings) {
    const project = bench.project({ files: { 'tools.ts': TOOL } })
    const evidence = project.path('evidence')
    const evil = project.write('evil.sh', `#!/bin/sh\necho unsandboxed > ${evidence}\nexit 1\n`)
    chmodSync(evil, 0o755)
    const write = (given) => project.write('toolwarden.json', JSON.stringify(given))
    write(settings)
    const home = newHome()
    const env = { XDG_CONFIG_HOME: home }
    const toolwarden = (...args) => cli(args, { cwd: project.dir, env })
    const reach = () => toolwarden('run', 'tools.ts', 'write', '--input', JSON.stringify({ path: evidence }))
    return { project, evidence, home, env, write, toolwarden, reach, trusted: join(home, 'toolwarden/trusted.json') }
  }

  const WIDENINGS = [
    ['no sandbox', { sandbox: 'off' }, /^ {2}sandbox: "off" \(without the file: "required"\)$/m],
    ['a program as runtime', { sandbox: 'off', runtimePath: './evil.sh' }, /^ {2}runtimePath: "\.\/evil\.sh"/m],
    ['a program as runtime, in the sandbox', { runtimePath: './evil.sh' }, /^ {2}runtimePath: /m],
    ['everything', { bunPermissions: ['--allow-all'] }, /^ {2}bunPermissions: --allow-all \(without the file: --allow-read\)$/m],
    ['writing', { bunPermissions: ['--allow-read', '--allow-write'] }, /^ {2}bunPermissions: /m],
    ['code for Node', { runtimeType: 'node', sandbox: 'off', nodeOptions: ['--require=./evil.cjs'] }, /^ {2}nodeOptions: --require/m],
    ['memory without end', { maxMemoryMb: 0 }, /^ {2}maxMemoryMb: 0 /m],
  ]
  for (const [what, settings, named] of WIDENINGS) {
    for (const [command, ...args] of [['run', 'tools.ts', 'answer'], ['list', 'tools.ts'], ['mcp', 'tools.ts']]) {
      test(`is refused by ${command} when it gives ${what}.`, needsSandbox, async () => {
        const { toolwarden, evidence } = prepared(settings)
        const { code, stdout, stderr } = await toolwarden(command, ...args)
        assert.match(stderr, /^error: .*toolwarden\.json would give the tools more than the defaults do:$/m)
        assert.match(stderr, named)
        assert.match(stderr, /^hint: .*`--trust`/m)
        assert.deepEqual([code, stdout, existsSync(evidence)], [2, '', false])
      })
    }
  }

  test('may take away without being asked about.', async () => {
    const { toolwarden, project } = prepared({ bunPermissions: [], toolExecutionTimeout: '30s', maxMemoryMb: 1024 })
    assert.equal((await toolwarden('run', 'tools.ts', 'answer')).code, 0)
    project.write('toolwarden.json', '{"toolExecutionTimeout": "100ms"}')
    assert.equal((await toolwarden('run', 'tools.ts', 'answer')).code, 0)
  })

  test('is not asked about where flags overrule it.', needsSandbox, async () => {
    const { toolwarden, evidence, project } = prepared({ bunPermissions: ['--allow-all'] })
    const input = JSON.stringify({ path: evidence })
    const denied = await toolwarden('run', 'tools.ts', 'write', '--input', input, '--allow-read')
    assert.deepEqual([denied.code, existsSync(evidence)], [3, false])
    const allowed = await toolwarden('run', 'tools.ts', 'write', '--input', input, '--allow-read', `--allow-write=${project.dir}`)
    assert.deepEqual([allowed.code, allowed.stderr.includes('trusted')], [0, false])
  })

  test('counts with --trust, is named each time, and is asked about again when it has changed.', async () => {
    const { toolwarden, reach, write, evidence, trusted } = prepared({ bunPermissions: ['--allow-read', '--allow-write'] })
    assert.equal((await reach()).code, 2)
    const first = await toolwarden('list', 'tools.ts', '--trust')
    assert.match(first.stderr, /^trusted: .*toolwarden\.json sets bunPermissions: --allow-read --allow-write /m)
    assert.equal(first.code, 0)
    assert.equal(statSync(trusted).mode & 0o777, 0o600)
    const second = await reach()
    assert.match(second.stderr, /^trusted: .*bunPermissions/m)
    assert.deepEqual([second.code, readFileSync(evidence, 'utf8')], [0, 'by the tool'])
    write({ bunPermissions: ['--allow-all'] })
    assert.equal((await reach()).code, 2)
  })

  test('is not trusted by a list that others can write, or that is another directory’s.', async () => {
    const { toolwarden, reach, home, trusted } = prepared({ bunPermissions: ['--allow-read', '--allow-write'] })
    assert.equal((await toolwarden('list', 'tools.ts', '--trust')).code, 0)
    chmodSync(trusted, 0o666)
    assert.equal((await reach()).code, 2)
    chmodSync(trusted, 0o600)
    chmodSync(join(home, 'toolwarden'), 0o777)
    assert.equal((await reach()).code, 2)
    chmodSync(join(home, 'toolwarden'), 0o700)
    assert.equal((await reach()).code, 0)
    // A file with the same text in another project counts as another file.
    const other = bench.project({ files: { 'tools.ts': TOOL, 'toolwarden.json': JSON.stringify({ bunPermissions: ['--allow-read', '--allow-write'] }) } })
    assert.equal((await cli(['list', 'tools.ts'], { cwd: other.dir, env: { XDG_CONFIG_HOME: home } })).code, 2)
  })

  test('is not trusted by a list that is a link, a pipe, in a linked directory or of another user.', async () => {
    const { toolwarden, reach, home, trusted } = prepared({ bunPermissions: ['--allow-read', '--allow-write'] })
    assert.equal((await toolwarden('list', 'tools.ts', '--trust')).code, 0)
    const directory = join(home, 'toolwarden')
    const aside = `${trusted}.aside`
    renameSync(trusted, aside)
    symlinkSync(aside, trusted)
    assert.equal((await reach()).code, 2, 'a link')
    rmSync(trusted)
    execFileSync('mkfifo', ['-m', '600', trusted])
    assert.equal((await reach()).code, 2, 'a pipe')
    rmSync(trusted)
    renameSync(aside, trusted)
    renameSync(directory, `${directory}.aside`)
    symlinkSync(`${directory}.aside`, directory)
    assert.equal((await reach()).code, 2, 'a linked directory')
    rmSync(directory)
    renameSync(`${directory}.aside`, directory)
    if (isRoot) {
      for (const path of [trusted, directory]) {
        chownSync(path, OTHER, OTHER)
        assert.equal((await reach()).code, 2, path)
        chownSync(path, 0, 0)
      }
    }
    assert.equal((await reach()).code, 0, 'the twin')
  })

  test('is trusted for this run only, and says so, where that cannot be remembered.', async () => {
    const { project } = prepared({ maxMemoryMb: 0 })
    const home = newHome()
    writeFileSync(join(home, 'toolwarden'), 'not a directory')
    const { code, stderr } = await cli(['list', 'tools.ts', '--trust'], { cwd: project.dir, env: { XDG_CONFIG_HOME: home } })
    assert.match(stderr, /^that .*toolwarden\.json is trusted is not remembered: /m)
    assert.equal(code, 0)
  })

  test('that is no plain file holds nothing up.', async () => {
    const { toolwarden, project } = prepared({})
    rmSync(project.path('toolwarden.json'))
    execFileSync('mkfifo', [project.path('toolwarden.json')])
    const pipe = await toolwarden('list', 'tools.ts')
    assert.match(pipe.stderr, /^error: .*toolwarden\.json is not a file$/m)
    assert.equal(pipe.code, 2)
    rmSync(project.path('toolwarden.json'))
    mkdirSync(project.path('toolwarden.json'))
    assert.equal((await toolwarden('list', 'tools.ts')).code, 2)
    rmSync(project.path('toolwarden.json'), { recursive: true })
    project.write('toolwarden.json', ' '.repeat(1024 * 1024 + 1))
    assert.match((await toolwarden('list', 'tools.ts')).stderr, /^error: .*more than the 1048576 that settings may have$/m)
  })
})

describe('a program of the project’s node_modules with the name of a runtime', () => {
  const bench = workbench()

  test('is not run outside of the sandbox for its version.', needsSandbox, async () => {
    const project = bench.project({ files: { 'tools.ts': TOOL } })
    const evidence = project.path('evidence')
    const source = project.write('node.c', `#include <stdio.h>\nint main(void) { FILE *f = fopen("${evidence}", "w"); if (f) fclose(f); return 1; }\n`)
    const ran = async (bin) => {
      mkdirSync(project.path(bin), { recursive: true })
      execFileSync('cc', ['-o', project.path(`${bin}/node`), source])
      rmSync(evidence, { force: true })
      await cli(['run', 'tools.ts', 'answer', '--runtime', 'node'], { cwd: project.dir, env: { PATH: `${project.path(bin)}:${process.env.PATH}`, TOOLWARDEN_BACKOFF_MAX_ELAPSED_TIME: '1ms' } })
      return existsSync(evidence)
    }
    assert.equal(await ran('node_modules/.bin'), false)
    // The program is on the user's own PATH: it is used, and its output proves it.
    assert.equal(await ran('bin'), true)
  })
})

describe('a .env of the project', () => {
  const bench = workbench()

  test('configures nothing, whichever runtime runs the command.', needsSandbox, async () => {
    const project = bench.project({ files: { 'tools.ts': TOOL } })
    const evidence = project.path('evidence')
    project.write('.env', 'TOOLWARDEN_SANDBOX=off\nTOOLWARDEN_BUN_PERMISSIONS=--allow-all\nXDG_CONFIG_HOME=/nowhere\n')
    const run = (env) => cli(['run', 'tools.ts', 'write', '--input', JSON.stringify({ path: evidence })], { cwd: project.dir, env })
    const { code } = await run({})
    assert.deepEqual([code, existsSync(evidence)], [3, false])
    // The user's own variables win over the same variables in the file.
    const { code: allowed } = await run({ TOOLWARDEN_BUN_PERMISSIONS: '--allow-read,--allow-write' })
    assert.deepEqual([allowed, existsSync(evidence)], [0, true], `with ${process.versions.bun ? 'Bun' : 'Node'}`)
  })

  test('cannot be told from the user\'s own variables by Bun on a system without /proc: nothing is run then.', () => {
    const env = { TOOLWARDEN_SANDBOX: 'off' }
    const refused = keepOwnEnvironment({ env, versions: { bun: '1.4.5' }, platform: 'darwin' })
    assert.match(refused.message, /\.env/)
    assert.match(refused.hint, /Node/)
    assert.equal(keepOwnEnvironment({ env, versions: { node: '24.0.0' }, platform: 'darwin' }), undefined, 'Node reads no such files')
  })
})
