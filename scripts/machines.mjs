/**
 * `npm run machines [-- --only musl] [--dry]`: runs the addons that `npm run build:all` built for other machines than this one: musl
 * natively, arm64 under emulation. What they are made of comes from the package registries into `target/machines`. A whole run writes
 * the table of docs/machines.md. Ends with 1 where something failed.
 *
 * Needs Linux x64 and root (the musl machine is a root directory of its own), `apt-get install qemu-system-arm e2fsprogs xz-utils
 * python3-pip`, and what `npm run build:all` needs.
 */

import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { arm64Machine } from './machines/arm64.mjs'
import { muslMachine } from './machines/musl.mjs'
import { rowOf, withTable } from './machines/page.mjs'
import { compileSuite } from './machines/rust-suite.mjs'
import { root } from './run.mjs'

/** For one machine, in milliseconds. */
const BOUND = 45 * 60_000

/** Runs a machine to its end. @param {{ name: string, how: string, program: string, args: string[] }} machine */
async function see({ name, how, program, args }) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const tooLong = setTimeout(() => child.kill('SIGKILL'), BOUND)
  /** @type {any[]} */
  const seen = []
  for await (const line of createInterface({ input: child.stdout })) {
    const row = line.match(/^SEEN (.*)$/)?.[1]
    if (row === undefined) continue
    process.stdout.write(`${name}: ${row}\n`)
    seen.push(JSON.parse(row))
  }
  clearTimeout(tooLong)
  return rowOf(name, how, seen)
}

const { values: options } = parseArgs({ options: { only: { type: 'string' }, dry: { type: 'boolean' } } })
const machines = [
  { key: 'musl', open: async () => muslMachine() },
  { key: 'arm64', open: async () => arm64Machine(await compileSuite('aarch64-unknown-linux-gnu')) },
]
const rows = []
for (const { key, open } of machines) if (options.only === undefined || options.only === key) rows.push(await see(await open()))
for (const { problems } of rows) for (const problem of problems) process.stderr.write(`machines: ${problem}\n`)
if (options.only === undefined && options.dry !== true) {
  const page = join(root, 'docs/machines.md')
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), rows))
}
process.exitCode = rows.every(({ problems }) => problems.length === 0) ? 0 : 1
