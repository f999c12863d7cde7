/**
 * `npm run older-kernels`: runs the tests that attack the sandbox on this machine's kernel as if it were an older one.
 * A preloaded library answers for it: scripts/kernels/older-kernel.c. With versions as arguments, those only.
 */

import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { olderKernel } from '../__test__/support/older-kernel.mjs'
import { cargoTestCounts, nodeCounts } from './counts.mjs'
import { hostNode, root, run } from './run.mjs'
import { setup } from './setup.mjs'

/** One for each form of Landlock before that of 6.12. */
const VERSIONS = ['5.13', '5.19', '6.2', '6.10']

await setup()
const kernel = olderKernel()
execFileSync('cargo', ['test', '--no-run', '--no-default-features', '--test', 'sandbox'], { cwd: root, stdio: 'inherit' })

const attacks = readdirSync(join(root, '__test__/attacks')).filter((file) => file.endsWith('.test.mjs')).map((file) => join('__test__/attacks', file))
const lines = []
let good = true
const chosen = process.argv.slice(2)
for (const version of chosen.length > 0 ? chosen : VERSIONS) {
  const env = { ...kernel.as(version), NO_COLOR: '1' }
  const suites = [
    { name: 'Rust', command: 'cargo', args: ['test', '--no-default-features', '--color=never', '--test', 'sandbox'], counts: cargoTestCounts },
    { name: 'attacks', command: hostNode, args: ['--test', '--test-reporter=spec', '--test-timeout=120000', ...attacks, '__test__/access-enforcement.test.mjs'], counts: nodeCounts },
  ]
  for (const { name, command, args, counts } of suites) {
    const { status, output } = await run(command, args, env)
    const { passed, failed, notRun } = counts(output)
    const fine = status === 0 && passed > 0 && failed === 0 && notRun === 0
    good &&= fine
    lines.push(`${fine ? 'ok    ' : 'FAILED'}  as Linux ${version}, ${name}: ${passed} passed, ${failed} failed`)
  }
}
rmSync(kernel.dir, { recursive: true })
console.log(`\n${lines.join('\n')}`)
process.exitCode = good ? 0 : 1
