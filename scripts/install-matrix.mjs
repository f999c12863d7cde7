/**
 * `npm run install-matrix [-- --only pnpm] [--scratch DIRECTORY]`: packs this package, serves it from a registry on loopback, installs
 * it with each package manager and runs tools with what came of it; then the same on other hosts. Package managers and hosts are
 * installed into the user's cache. A whole run writes the tables of docs/install.md. Ends with 1 where a cell says nothing useful.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { packAll } from './build-all/packed.mjs'
import { attempt } from './install-matrix/attempt.mjs'
import { attemptHosts } from './install-matrix/hosts.mjs'
import { managers } from './install-matrix/managers.mjs'
import { hostTable, managerTable, withTables } from './install-matrix/page.mjs'
import { openRegistry } from './install-matrix/registry.mjs'
import { npm, root } from './run.mjs'

const { values: options } = parseArgs({ options: { only: { type: 'string' }, scratch: { type: 'string' } } })
const { only } = options
const scratch = options.scratch ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'toolwarden-install')
mkdirSync(scratch, { recursive: true })
const [program, first] = npm
const upstream = execFileSync(program, [...first, 'config', 'get', 'registry'], { encoding: 'utf8' }).trim()

const registry = await openRegistry(packAll(scratch), upstream)
const place = { scratch, registry: registry.at }
const rows = []
try {
  for (const manager of managers) {
    if (only !== undefined && !manager.name.includes(only)) continue
    const row = await attempt(manager, place)
    process.stdout.write(`${JSON.stringify(row)}\n`)
    rows.push(row)
  }
  const hosts = await attemptHosts(place, only)
  for (const row of hosts) process.stdout.write(`${JSON.stringify(row)}\n`)
  if (only === undefined) {
    const page = join(root, 'docs/install.md')
    writeFileSync(page, withTables(readFileSync(page, 'utf8'), [managerTable(rows), hostTable(hosts)]))
  }
} finally {
  registry.close()
}
