/** What users see on older kernels, imitated: which locks there are, and what is said where there are none. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

import { environment } from './support/cli.mjs'
import { olderKernel } from './support/older-kernel.mjs'
import { NODE_24 } from './support/runtimes.mjs'
import { bounded } from './support/waiting.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('on an older kernel', () => {
  let kernel
  before(() => {
    kernel = olderKernel()
  })
  after(() => rmSync(kernel.dir, { recursive: true }))

  const execute = ([program, ...args], variables) =>
    bounded(
      new Promise((resolve) => {
        execFile(program, args, { cwd: root, env: environment(variables) }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
      }),
      `${args.join(' ')} to end`,
      100_000,
    )
  /** Runs a script of this repository with Node. */
  const run = (version, args) => execute([NODE_24, ...args], kernel.as(version))

  for (const [version, abi, heldBy] of [
    ['5.15', 1, { tcp: 'supervisor', signals: 'seccomp', truncate: 'seccomp+supervisor' }],
    ['6.6', 3, { tcp: 'supervisor', signals: 'seccomp', truncate: 'landlock' }],
    ['6.10', 5, { tcp: 'supervisor+landlock', signals: 'seccomp', truncate: 'landlock' }],
  ]) {
    it(`${version} holds every kind of permission, and doctor says by what.`, async () => {
      const { code, stdout, stderr } = await run(version, ['js/cli/bin.js', 'doctor', '--json'])
      const report = JSON.parse(stdout)
      assert.deepEqual([code, report.ok, report.problem], [0, true, null], stderr)
      assert.deepEqual([report.landlockAbi, report.heldBy], [abi, heldBy])
      for (const { kind, refused, allowed } of report.permissions) assert.ok(refused && allowed, kind)
    })
  }

  it('without Landlock doctor says what was found and what to do, and still finds the runtimes.', async () => {
    const { code, stdout } = await run('5.10', ['js/cli/bin.js', 'doctor', '--json'])
    const report = JSON.parse(stdout)
    assert.deepEqual([code, report.ok, report.kernelLandlockAbi, report.seccomp, report.permissions], [1, false, 0, true, []])
    assert.match(report.problem, /^the sandbox needs Linux 5\.13 or newer with Landlock and seccomp: Linux \d/)
    assert.match(report.hint, /sandbox: "off"/)
    assert.ok(report.runtimes.every(({ version }) => version !== null))
  })

  for (const [which, begin] of [
    ['without Landlock', () => run('5.10', ['examples/demo/run.mjs'])],
    // Of the calls that this lacks, the product makes close_range and pidfd_getfd at least.
    ['with the system calls of 5.4', () => execute([...kernel.withCallsOf('5.4'), NODE_24, 'examples/demo/run.mjs'], {})],
  ]) {
    it(`${which} the demonstration says so, and goes on without a sandbox.`, async () => {
      const { code, stdout, stderr } = await begin()
      assert.equal(code, 0, stderr)
      assert.match(stdout, /^This machine cannot enforce what tools may do\.\n {2}the sandbox needs Linux 5\.13/)
      assert.match(stdout, /sandbox: none;/)
      assert.match(stdout, /"total":11\.2/)
      assert.doesNotMatch(stdout, /root:x:0/)
    })
  }
})
