/**
 * Learns which flags packages need as tools, runs each with what was learnt, and again without each of the flags. Writes the
 * table of docs/learn.md, and exits with 1 where the flags do not suffice, one of them is not needed, or there are more than
 * those that a person wrote (scripts/packages/list).
 *
 *   npm run learn [-- --only sharp,pg] [--runtime bun|node] [--scratch DIRECTORY] [--rows]
 *
 * `--rows` runs nothing. What earlier runs found of other packages and of the other runtime is kept beside the packages, and is in the table too.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { learnPackage } from './learn/learn-package.mjs'
import { isRight, line, sentence, withTable } from './learn/table.mjs'
import { packages } from './packages/list.mjs'
import { scratch } from './packages/place.mjs'
import { prepared } from './packages/prepared.mjs'
import { Results } from './packages/results.mjs'
import { Services } from './packages/services.mjs'
import { root } from './run.mjs'

/** Packages that download much are left to `npm run packages`, and so is one that works with no list of flags at all (docs/packages.md). */
const LEFT_OUT = new Set(['@swc/core', '@huggingface/transformers', '@lancedb/lancedb', 'puppeteer-core', 'googleapis', '@aws-sdk/client-s3'])

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, runtime: { type: 'string' }, scratch: { type: 'string' }, rows: { type: 'boolean', default: false } },
})
const only = options.only?.split(',')
const chosen = packages.filter(({ name }) => (only === undefined ? !LEFT_OUT.has(name) : only.includes(name)))
const directory = scratch(options.scratch)
const services = new Services()
const say = (/** @type {string} */ text) => process.stdout.write(text)
/** @type {Results<import('./learn/learn-package.mjs').Lesson>} */
const results = new Results(directory, 'lessons.json')

try {
  for (const wanted of options.rows ? [] : chosen) {
    const job = await prepared(wanted, directory, services)
    if ('problem' in job) {
      say(`${job.problem}\n`)
      continue
    }
    for (const runtime of wanted.runtimes ?? /** @type {const} */ (['bun', 'node'])) {
      if (options.runtime !== undefined && options.runtime !== runtime) continue
      const lesson = await learnPackage({ ...job, runtime })
      results.add(lesson)
      say(line(lesson))
    }
  }
} finally {
  await services.stop()
}

const lessons = results.inOrder(chosen)
say(`\n${sentence(lessons)}\n`)
if (only === undefined) {
  const page = join(root, 'docs/learn.md')
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), lessons, new Date().toISOString().slice(0, 10)))
}
process.exitCode = isRight(lessons) ? 0 : 1
