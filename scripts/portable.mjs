/**
 * `npm run portable`: tests on Linux the core that is built for systems without Linux's own mechanisms, such as macOS. Rust's tests run
 * with the feature `portable`; the addon with it is put into a copy of the repository, and the JavaScript tests that are about calls and
 * processes run there, without a sandbox, under this Node and Bun. Ends with 1 where one fails.
 */

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'

import { hostNode, root, run } from './run.mjs'

const place = join(root, 'target/portable')
/** What must work without a sandbox, and does not depend on what only Linux tells. */
const TESTS = [
  'happy', 'timeout', 'retry', 'logs', 'progress', 'abort', 'close', 'concurrency', 'queue', 'records', 'results', 'errors',
  'entrypoint', 'workerfile',
].map((name) => `./__test__/${name}.test.mjs`)

const built = await run('npx', ['napi', 'build', '--platform', '--release', '--no-js', '--dts', '../native.d.ts', '--features', 'portable', '--output-dir', join(place, 'addon')], {
  CARGO_TARGET_DIR: join(place, 'cargo'),
})
if (built.status !== 0) throw new Error('the addon with the feature `portable` cannot be built')

const copy = join(place, 'copy')
rmSync(copy, { recursive: true, force: true })
const files = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).stdout.split('\0').filter(Boolean)
for (const file of files) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  copyFileSync(join(root, file), join(copy, file))
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
for (const addon of readdirSync(join(place, 'addon')).filter((name) => name.endsWith('.node'))) copyFileSync(join(place, 'addon', addon), join(copy, addon))

const runners = [
  { name: "Rust's tests", command: 'cargo', args: ['test', '--no-default-features', '--features', 'portable', '--target-dir', join(place, 'cargo')], cwd: root },
  { name: 'Node', command: hostNode, args: ['--test', '--test-reporter=spec', '--test-timeout=120000', ...TESTS], cwd: copy },
  { name: 'Bun', command: join(root, 'node_modules/bun/bin/bun.exe'), args: ['test', '--timeout=120000', ...TESTS], cwd: copy },
]
const failed = runners.filter(({ name, command, args, cwd }) => {
  process.stdout.write(`\n=== portable: ${name}\n`)
  return spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, TOOLWARDEN_TEST_SANDBOX: 'off' } }).status !== 0
})
process.stdout.write(failed.length === 0 ? 'portable: all passed\n' : `portable: failed: ${failed.map(({ name }) => name).join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
