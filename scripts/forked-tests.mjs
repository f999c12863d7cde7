/**
 * `npm run forked-tests [-- FILE...]`: runs the JavaScript tests with forked processes wherever they can be forked, under this Node. The
 * addon is one whose origins serve at once (the feature `quick-origins`), in a copy of the repository. Ends with 1 where one fails; docs/process-start.md
 * says which tests are expected to.
 */

import { join } from 'node:path'
import process from 'node:process'

import { nodeCounts } from './counts.mjs'
import { nodeFailures } from './failures.mjs'
import { hostNode, root, run } from './run.mjs'
import { testFiles } from './test-files.mjs'
import { testsTheCore } from './tests-of-the-sandbox.mjs'
import { buildWith, copyWith } from './variant.mjs'

const place = join(root, 'target/forked')
const copy = join(place, 'copy')
/** Some files have many managers whose origins never can be forked, which is known after 6 seconds each. */
const TEST_TIMEOUT_MS = 1_800_000
/** These need servers that have to be installed, and are about the servers' clients. */
const OF_ENGINES = /^\.\/__test__\/engines\//

const given = process.argv.slice(2)
const files = given.length > 0 ? given : testFiles().filter((file) => testsTheCore(file) && !OF_ENGINES.test(file))
copyWith(copy, await buildWith('quick-origins', place))
const args = ['--test', '--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${TEST_TIMEOUT_MS}`, ...files]
const { status, output } = await run(hostNode, args, { NO_COLOR: '1', WARDEN_TEST_PROCESS_START: 'fork' }, false, copy)
const { passed, failed, notRun } = nodeCounts(output)
for (const { name, why } of nodeFailures(output)) process.stdout.write(`FAILED: ${name}${why && `\n${why}`}\n`)
process.stdout.write(`forked tests: ${passed} passed, ${failed} failed, ${notRun} were not run\n`)
process.exitCode = status === 0 && passed > 0 && failed === 0 ? 0 : 1
