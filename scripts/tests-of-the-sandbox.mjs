/**
 * The tests that need a system which can enforce a sandbox, for `npm test` on a machine that cannot, and for `npm run portable`.
 *
 * A file whose tests are about the sandbox imports `support/about-the-sandbox.mjs`, itself or through what it tests with, and is left
 * out as a whole. Where only some tests of a file are, these are skipped one by one: `support/needs.mjs`. Whoever forgets that has a
 * test that fails there.
 */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { root } from './run.mjs'

const TESTS = join(root, '__test__')
const MARK = join(TESTS, 'support/about-the-sandbox.mjs')
/** What runs tools, or starts it. */
const CORE = ['index.js', 'index.cjs', 'js/native.js', 'js/cli/bin.js'].map((file) => join(root, file))
/** A relative path in quotation marks: of an import, or of a program that is started. */
const PATH = /['"](\.\.?\/[^'"\s]+)['"]/g

/**
 * Whether a test file or what it uses names one of these.
 * @param {string} file
 * @param {string[]} wanted
 * @param {Set<string>} [seen]
 * @returns {boolean}
 */
function reaches(file, wanted, seen = new Set()) {
  if (wanted.includes(file)) return true
  // Not every path leads somewhere: it may be part of a program that a test writes.
  if (seen.has(file) || !file.startsWith(TESTS) || !file.endsWith('.mjs') || !existsSync(file)) return false
  seen.add(file)
  const paths = [...readFileSync(file, 'utf8').matchAll(PATH)]
  return paths.some(([, path]) => reaches(join(dirname(file), path ?? ''), wanted, seen))
}

/** Whether the tests of a file are about the sandbox. @param {string} file a path from the repository's root */
export const needsSandbox = (file) => reaches(join(root, file), [MARK])

/** Whether a file tests what runs tools, and not what this repository looks like. @param {string} file */
export const testsTheCore = (file) => reaches(join(root, file), CORE)

/** Whether a file's tests start the command line. @param {string} file */
export const startsCommandLine = (file) => reaches(join(root, file), [join(root, 'js/cli/bin.js')])

/** What leaves Rust's tests of the sandbox out. */
export const withoutSandbox = {
  nextest: ['-E', 'not (binary(sandbox) or test(/^sandbox::/))'],
  cargo: ['--', '--skip', 'sandbox'],
}
