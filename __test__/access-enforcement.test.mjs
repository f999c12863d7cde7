import assert from 'node:assert/strict'
import { chmodSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'

import './support/about-the-sandbox.mjs'
import { thrown } from './support/outcomes.mjs'
import { workbench } from './support/workbench.mjs'

describe('manager.enforcement', () => {
  const bench = workbench()
  const enforcement = (bunPermissions, config = {}) =>
    bench.open(bench.project({ tools: 'named-exports.ts' }), { bunPermissions, minWorkers: 0, ...config }).enforcement

  it('reports the enforced permissions and the mechanism.', () => {
    const { level, landlockAbi, seccomp, permissions } = enforcement(['--allow-read'])
    assert.deepEqual({ level, seccomp, permissions }, { level: 'kernel', seccomp: true, permissions: ['--allow-read'] })
    assert.ok(Number.isInteger(landlockAbi) && landlockAbi >= 1, String(landlockAbi))
  })

  it('says what enforces the parts that differ between kernels.', () => {
    const { landlockAbi, heldBy } = enforcement([])
    assert.deepEqual(heldBy, {
      tcp: landlockAbi >= 4 ? 'supervisor+landlock' : 'supervisor',
      signals: landlockAbi >= 6 ? 'landlock' : 'seccomp',
      truncate: landlockAbi >= 3 ? 'landlock' : 'seccomp+supervisor',
    })
    const { signals } = enforcement(['--allow-run']).heldBy
    assert.equal(signals, landlockAbi >= 6 ? 'landlock' : 'supervisor')
    const { tcp, truncate } = enforcement(['--allow-net', '--allow-write']).heldBy
    assert.deepEqual({ tcp, truncate }, { tcp: 'supervisor', truncate: 'none' })
  })

  it('is "kernel" with no flag at all.', () => {
    const { level, permissions } = enforcement([])
    assert.deepEqual({ level, permissions }, { level: 'kernel', permissions: [] })
  })

  it('reports the mechanism of the memory limit, with a sandbox or without.', () => {
    // Whether it is a cgroup or the watchdog depends on whether this machine delegated a cgroup to its user.
    const { memory } = enforcement([])
    assert.ok(['cgroup', 'watchdog'].includes(memory), memory)
    for (const config of [{ sandbox: 'off' }, { bunPermissions: ['-A'] }]) assert.equal(enforcement([], config).memory, memory)
    assert.equal(enforcement([], { maxMemoryMb: 0 }).memory, 'none')
    assert.equal(enforcement([], { maxMemoryMb: 0, sandbox: 'off' }).memory, 'none')
  })

  for (const flag of ['-A', '--allow-all']) {
    it(`is "none" with ${flag}.`, () => {
      const { memory: _, temporary, ...rest } = enforcement([flag])
      assert.deepEqual(rest, { level: 'none', landlockAbi: null, seccomp: false, heldBy: null, permissions: ['--allow-all'], readable: [], secrets: [], tools: {} })
      assert.match(temporary, /\/toolwarden-[0-9a-f]{16}$/)
    })
  }

  it('is "none" with the sandbox off, whatever the flags say.', () => {
    // Permissions that are not enforced are not listed. The host builds the environment whether or not there is a
    // sandbox.
    const { memory: _, temporary, ...off } = enforcement(['--allow-read', '--allow-env=SOME_NAME'], { sandbox: 'off' })
    assert.deepEqual(off, { level: 'none', landlockAbi: null, seccomp: false, heldBy: null, permissions: ['--allow-env=SOME_NAME'], readable: [], secrets: [], tools: {} })
    assert.match(temporary, /\/toolwarden-[0-9a-f]{16}$/)
  })

  it('shows real, absolute paths, each once.', () => {
    const project = bench.project({ tools: 'named-exports.ts', files: { 'data/in.txt': '' } })
    symlinkSync(project.path('data'), project.path('link'))
    const { permissions } = bench.open(project, { bunPermissions: ['--allow-read=data,./data/,link', '--allow-write=data/in.txt'], minWorkers: 0 }).enforcement
    assert.deepEqual(permissions, [`--allow-read=${project.path('data')}`, `--allow-write=${project.path('data/in.txt')}`])
  })

  it('shows programs by their real paths, and hosts as they are compared.', () => {
    const { permissions } = enforcement(['--allow-run=true', '-N=Example.COM.:443,[::ffff:10.0.0.1]:80,LOCALHOST'])
    assert.deepEqual(permissions.length, 2)
    assert.equal(permissions[0], '--allow-net=example.com:443,10.0.0.1:80,localhost')
    assert.match(permissions[1], /^--allow-run=\/(usr\/)?bin\/\w+$/)
  })

  it('shows the interpreters that a script brings, which may be started on their own.', () => {
    const project = bench.project({ tools: 'named-exports.ts', files: { 'deploy.sh': '#!/usr/bin/env sh\necho deployed\n' } })
    chmodSync(project.path('deploy.sh'), 0o755)
    const { permissions } = bench.open(project, { bunPermissions: ['--allow-run=./deploy.sh'], minWorkers: 0 }).enforcement
    const [script, env, shell] = permissions[0].replace('--allow-run=', '').split(',')
    assert.deepEqual([script, env, shell], [project.path('deploy.sh'), realpathSync('/usr/bin/env'), realpathSync('/bin/sh')])
  })

  it('shows the short flags by their long names, and joined lists.', () => {
    const project = bench.project({ tools: 'named-exports.ts', files: { a: '', b: '' } })
    const { permissions } = bench.open(project, { bunPermissions: ['-R=a', '-R=b', '-W=a', '-E=HOME,AWS_*'], minWorkers: 0 }).enforcement
    assert.deepEqual(permissions, [
      `--allow-read=${project.path('a')},${project.path('b')}`,
      `--allow-write=${project.path('a')}`,
      '--allow-env=HOME,AWS_*',
    ])
  })

  it('shows what is denied beside what is allowed.', () => {
    const project = bench.project({ tools: 'named-exports.ts', files: { 'data/in.txt': '' } })
    const outside = dirname(project.dir)
    const flags = ['--allow-read=data', `--deny-read=${outside}/elsewhere`, '--allow-net=a.test', '--deny-net=a.test:1', '--allow-env', '--deny-env=HOME']
    const { permissions } = bench.open(project, { bunPermissions: flags, minWorkers: 0 }).enforcement
    assert.deepEqual(permissions, [
      `--allow-read=${project.path('data')}`,
      `--deny-read=${outside}/elsewhere`,
      '--allow-net=a.test',
      '--deny-net=a.test:1',
      '--allow-env',
      '--deny-env=HOME',
    ])
  })

  it('shows the flags of Node as the ones that hold.', () => {
    const project = bench.project({ files: { 'tools.mjs': 'export const tool = () => 1', 'data/in.txt': '' } })
    const open = (nodeOptions) => bench.open(project, { runtimeType: 'node', nodeOptions, entrypointPath: 'tools.mjs', minWorkers: 0 }).enforcement
    assert.deepEqual(open([]).permissions, ['--allow-read'])
    assert.deepEqual(open(['--permission']).permissions, [])
    assert.deepEqual(open(['--permission', '--allow-fs-read=data/*', '--allow-child-process']).permissions, [
      `--allow-read=${project.path('data')}`,
      '--allow-run',
    ])
  })
})

/** [flags, the text of the reason] */
const REFUSED = [
  [['--allow-net='], /empty scope/],
  [['--allow-read='], /write `--allow-read` for everything/],
  [['--allow-read=a,'], /empty entry/],
  [['--allow-sys'], /cannot be enforced/],
  [['--allow-sys=hostname'], /cannot be enforced/],
  [['-S'], /cannot be enforced/],
  [['--deny-sys'], /cannot be enforced/],
  [['--allow-ffi'], /native code is confined/],
  [['--allow-import'], /cannot be enforced/],
  [['-I'], /cannot be enforced/],
  [['--ignore-read=x'], /cannot be enforced/],
  [['--ignore-env'], /cannot be enforced/],
  [['--allow-net=unix:'], /path behind/],
  [['--allow-net=unix:@x'], /abstract/],
  [['--allow-net=vsock:1:2'], /vsock/],
  [['--allow-net=*.example.com'], /wildcards/],
  [['--allow-net=10.0.0.0/8'], /address ranges/],
  [['--allow-net=https://example.com'], /URL/],
  [['--allow-net=::1'], /brackets/],
  [['--allow-net=example.com:0'], /1 to 65535/],
  [['--allow-net=example.com:http'], /1 to 65535/],
  [['--allow-env=A=B'], /not a variable's name/],
  [['--allow-env=LD_PRELOAD'], /dynamic loader/],
  [['--allow-env=NODE_OPTIONS'], /Node obeys/],
  [['--allow-all=yes'], /takes no value/],
  [['--alow-read'], /nearest valid one is `--allow-read`/],
  [['--allow-raed=x'], /nearest valid one is `--allow-read`/],
  [['--allow-write ./data'], /put `=` between/],
  [['./data'], /is not a permission flag/],
  [['--allow-hrtime'], /nearest valid one/],
  [['--allow-read', '--deny-read=x'], /`--deny-read=x`.*`--allow-read`/],
  [['--allow-read=data', '--deny-read=data/sub'], /`--deny-read=data\/sub`.*`--allow-read=data`/],
  [['--allow-write=data/sub', '--deny-write=data'], /`--allow-write=data\/sub`.*`--deny-write=data`/],
  [['--allow-net', '--deny-net=10.0.0.1'], /--deny-net cannot be enforced/],
  [['--allow-net', '--deny-net'], /contradicts/],
  [['--allow-run', '--deny-run=rm'], /cannot be enforced/],
  [['-A', '--deny-net=a.test'], /contradicts `--allow-all`/],
  [['--allow-net=10.0.0.1', '--deny-net=a.test'], /deny the address/],
  [['--allow-read=none'], /does not exist/],
  [['--allow-write=data/none.txt'], /does not exist/],
  [['--allow-read=/proc'], /environments of other processes/],
  [['--allow-read=/dev'], /terminals, disks and other devices/],
  [['--allow-write=/dev/pts'], /terminals, disks and other devices/],
  [['--allow-read=/proc/1'], /cannot be allowed/],
  [['--allow-write=/proc/sys'], /change the machine/],
  [['--allow-write=/sys'], /change the machine/],
  [['--allow-run=no-such-program'], /not on PATH/],
  [['--allow-run=./data/in.txt'], /not an executable file/],
  // The entrypoint's package is always readable.
  [['--deny-read=.'], /--deny-read=\./],
]

describe('A flag that cannot be enforced', () => {
  const bench = workbench()
  for (const [bunPermissions, reason] of REFUSED) {
    it(`is refused with the reason: ${bunPermissions.join(' ')}`, () => {
      const project = bench.project({ tools: 'named-exports.ts', files: { 'data/in.txt': '', 'data/sub/x': '' } })
      const error = thrown(() => bench.open(project, { bunPermissions }))
      assert.equal(error.code, 'ERR_CONFIG_INVALID')
      assert.equal(error.name, 'ConfigError')
      assert.equal(error.problems.length, 1, error.message)
      const [{ field, message }] = error.problems
      assert.match(field, /^bunPermissions(\[\d\])?$/)
      assert.match(message, reason)
      assert.ok(error.message.includes(message))
    })
  }

  it('is refused with all others at once.', () => {
    const project = bench.project({ tools: 'named-exports.ts' })
    const error = thrown(() => bench.open(project, { bunPermissions: ['--allow-sys', '--allow-net=', '--allow-read', '--oops'] }))
    assert.deepEqual(error.problems.map(({ field }) => field), ['bunPermissions[0]', 'bunPermissions[1]', 'bunPermissions[3]'])
  })
})
