/**
 * `npm run bundlers [-- --only Next] [--scratch DIRECTORY]`: bundles a host with each bundler of docs/bundlers.md that is not in the tests,
 * with this package in the bundle and without, and runs what comes of it. Bundlers are installed into the user's cache. Ends with 1
 * where one does not work.
 */

import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { GOOD, makeProject, node } from './bundlers/project.mjs'
import { bundlers } from './bundlers/rows.mjs'
import { answerOf, moved } from './bundlers/serve.mjs'

const { values: options } = parseArgs({ options: { only: { type: 'string' }, scratch: { type: 'string' } } })
const scratch = options.scratch ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'toolwarden-bundlers')
mkdirSync(scratch, { recursive: true })

/** Bundlers with the same packages share a project. @param {string[]} packages */
const slug = (packages) => packages[0]?.replaceAll(/[^\w.-]/g, '-') ?? ''

/** @param {import('./bundlers/rows.mjs').Bundler} bundler @returns {Promise<string>} */
async function attempt(bundler) {
  const directory = join(scratch, slug(bundler.packages))
  await makeProject(directory, bundler)
  await node(directory, bundler.build, { NEXT_TELEMETRY_DISABLED: '1' })
  if (bundler.out === 'next') return answerOf(directory, ['node_modules/next/dist/bin/next', 'start'])
  if (bundler.out === 'standalone') return answerOf(moved(directory, join(scratch, 'standalone')), ['server.js'])
  return (await node(directory, [bundler.out, join(directory, 'tools')])).stdout
}

for (const bundler of bundlers) {
  if (options.only !== undefined && !bundler.name.includes(options.only)) continue
  const said = await attempt(bundler).catch((error) => String(error.stderr || error.stdout || error.message))
  const good = said.trim() === GOOD
  process.stdout.write(`${bundler.name}: ${good ? 'works' : said.trim()}\n`)
  if (!good) process.exitCode = 1
}
