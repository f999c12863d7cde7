/**
 * `npm run memory`: tries memory limits, from 64 to 4,096 MiB in steps of 16 with Bun and some of them with Node, and
 * writes the results into docs/limits.md. `--step N` takes larger steps and writes nothing.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './run.mjs'

// Imported by URL, so that the type checker does not read the tests' own files.
/** @type {{ memoryCases: string[], tryLimit(runtime: 'bun' | 'node', mib: number): Promise<any> }} */
const { memoryCases, tryLimit } = await import(new URL('../__test__/support/memory-cases.mjs', import.meta.url).href)

const SECTION = '## The last run'
const given = process.argv.indexOf('--step')
const step = given < 0 ? 16 : Number(process.argv[given + 1])
const limits = Array.from({ length: Math.floor((4096 - 64) / step) + 1 }, (_, at) => 64 + at * step)

/** @type {string[]} */
const failures = []
/** @type {Record<string, { tried: number, slowest: number, peaks: number[] }>} */
const found = {}
/** @type {Array<['bun' | 'node', number[]]>} */
const plan = [['bun', limits], ['node', [64, 128, 256, 512, 1024, 2048]]]
for (const [runtimeType, tried] of plan) {
  const sums = { tried: tried.length, slowest: 0, peaks: /** @type {number[]} */ ([]) }
  found[runtimeType] = sums
  for (const mib of tried) {
    const result = await tryLimit(runtimeType, mib)
    sums.slowest = Math.max(sums.slowest, result.slowdown)
    sums.peaks.push(result.overshoot)
    const failed = memoryCases.filter((name) => !result[name])
    if (failed.length > 0) failures.push(`${runtimeType} ${mib} MiB: ${failed.join(', ')}`)
    process.stdout.write(`${runtimeType} ${mib} MiB: ${failed.length === 0 ? 'good' : failed.join(', ')}; CPU ${result.slowdown.toFixed(2)} of sandbox "off", at most ${result.overshoot} MiB above the limit\n`)
  }
}

const rows = Object.entries(found).map(
  ([runtime, { tried, slowest, peaks }]) =>
    `| ${runtime} | ${tried} | ${tried - failures.filter((line) => line.startsWith(runtime)).length} | ${slowest.toFixed(2)} | ${Math.max(...peaks)} MiB |`,
)
const text = `${SECTION}

By \`npm run memory\`, ${new Date().toISOString().slice(0, 10)}, with Bun from 64 to 4,096 MiB in steps of ${step}. "CPU": processor time of a loop of arithmetic, against the same with
\`sandbox: "off"\` and no limit. "Above": the most that a record showed beyond the limit when a tool went past it.

| runtime | limits tried | good | CPU at worst | above at most |
|---|---|---|---|---|
${rows.join('\n')}
${failures.length === 0 ? '' : `\n${failures.map((line) => `- ${line}`).join('\n')}\n`}`
if (given < 0) {
  const page = join(root, 'docs/limits.md')
  const before = readFileSync(page, 'utf8').split(SECTION)[0]
  writeFileSync(page, `${before}${text}`)
} else process.stdout.write(text)
process.exitCode = failures.length === 0 ? 0 : 1
