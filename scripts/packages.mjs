/**
 * Runs packages as tools, on Bun and on Node: without a sandbox, with the fewest flags, and from no permission to flags
 * that work by following what the errors advise. Prints a row for each and exits with 1 if too few succeed in the last
 * way.
 *
 *   npm run packages [-- --only sharp,pg] [--runtime bun|node] [--scratch DIRECTORY] [--report] [--rows] [--install]
 *
 * A whole run writes docs/packages.md. `--report` adds the exceptions grouped by kind, `--rows` shows what earlier runs
 * found and runs nothing, `--install` only installs.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { packages } from './packages/list.mjs'
import { scratch } from './packages/place.mjs'
import { installed, prepared } from './packages/prepared.mjs'
import { report } from './packages/report.mjs'
import { Results } from './packages/results.mjs'
import { row } from './packages/row.mjs'
import { Services, debianPackages } from './packages/services.mjs'
import { line, page } from './packages/table.mjs'
import { meetsTarget, sentence } from './packages/totals.mjs'
import { root } from './run.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    runtime: { type: 'string' },
    scratch: { type: 'string' },
    report: { type: 'boolean', default: false },
    rows: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
})
const only = options.only?.split(',')
const chosen = packages.filter(({ name }) => only === undefined || only.includes(name))
if (chosen.length === 0) throw new Error(`none of the packages is called ${options.only}`)

const directory = scratch(options.scratch)
/** @type {Results<import('./packages/package.d.ts').Row>} */
const results = new Results(directory, 'results.json')
const services = new Services()
const say = (/** @type {string} */ text) => process.stdout.write(text)
/** @type {string[]} */
const notRun = []

/** @param {import('./packages/package.d.ts').Package} wanted */
async function tryPackage(wanted) {
  if (options.install) {
    const found = await installed(wanted, directory)
    if ('problem' in found) notRun.push(found.problem)
    return
  }
  const job = await prepared(wanted, directory, services)
  if ('problem' in job) {
    notRun.push(job.problem)
    return
  }
  for (const runtime of wanted.runtimes ?? /** @type {const} */ (['bun', 'node'])) {
    if (options.runtime !== undefined && options.runtime !== runtime) continue
    const found = await row({ ...job, runtime })
    results.add(found)
    say(line(found))
  }
}

try {
  if (!options.rows) for (const wanted of chosen) await tryPackage(wanted)
} finally {
  await services.stop()
}

const rows = results.inOrder(chosen).filter(({ runtime }) => options.runtime === undefined || options.runtime === runtime)
if (options.rows) rows.forEach((found) => say(line(found)))
for (const text of notRun) say(`not run: ${text}\n`)
if (notRun.length > 0) say(`everything is had with: apt-get install ${debianPackages.join(' ')}\n`)
if (options.report) say(`\n${report(rows)}`)
if (!options.install) {
  say(`\n${sentence(rows)}\n`)
  if (only === undefined && options.runtime === undefined) writeFileSync(join(root, 'docs/packages.md'), page(rows, new Date().toISOString().slice(0, 10)))
  process.exitCode = meetsTarget(rows) && notRun.length === 0 ? 0 : 1
}
