/**
 * Runs packages as tools on Bun in a process that is forked and in one that is started, with the flags kept in scripts/packages/list.
 * Writes the part of docs/process-start.md about packages, and exits with 1 where a forked process does something else.
 *
 *   npm run forked-packages [-- --only sharp,pg] [--scratch DIRECTORY] [--rows]
 *
 * `--rows` runs nothing. What earlier runs found of other packages is kept beside the packages, and is in the table too.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { forkedPackage } from './packages/forked.mjs'
import { isRight, line, sentence, withPackages } from './packages/forked-table.mjs'
import { packages } from './packages/list.mjs'
import { scratch } from './packages/place.mjs'
import { prepared } from './packages/prepared.mjs'
import { Results } from './packages/results.mjs'
import { Services } from './packages/services.mjs'
import { root } from './run.mjs'

/** An origin is ready when Bun's threads have ended, for which it mostly waits. */
const AT_ONCE = 6

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, scratch: { type: 'string' }, rows: { type: 'boolean', default: false } },
})
const only = options.only?.split(',')
const chosen = packages.filter(({ name, runtimes = ['bun'] }) => runtimes.includes('bun') && (only === undefined || only.includes(name)))
const directory = scratch(options.scratch)
const services = new Services()
const say = (/** @type {string} */ text) => process.stdout.write(text)
/** @type {Results<import('./packages/forked.mjs').Forked>} */
const results = new Results(directory, 'forked.json')
/** @type {string[]} */
const notRun = []

/** One after another: npm's cache, and the services, are the same for all. @type {Promise<unknown>} */
let preparing = Promise.resolve()

const left = options.rows ? [] : [...chosen]
async function tryNext() {
  for (let wanted = left.shift(); wanted !== undefined; wanted = left.shift()) {
    const one = wanted
    const ready = preparing.then(() => prepared(one, directory, services))
    preparing = ready
    const job = await ready
    if ('problem' in job) {
      notRun.push(job.problem)
      continue
    }
    const row = await forkedPackage({ ...job, runtime: 'bun' })
    results.add(row)
    say(line(row))
  }
}

try {
  await Promise.all(Array.from({ length: AT_ONCE }, tryNext))
} finally {
  await services.stop()
}

const rows = results.inOrder(chosen)
if (options.rows) rows.forEach((row) => say(line(row)))
for (const text of notRun) say(`not run: ${text}\n`)
say(`\n${sentence(rows)}\n`)
if (only === undefined) {
  const page = join(root, 'docs/process-start.md')
  writeFileSync(page, withPackages(readFileSync(page, 'utf8'), rows, new Date().toISOString().slice(0, 10)))
}
process.exitCode = isRight(rows) && notRun.length === 0 ? 0 : 1
