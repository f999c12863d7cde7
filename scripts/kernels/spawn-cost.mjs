/**
 * What the sandbox adds to a cold call on this kernel: the difference between calls with the sandbox and without, made
 * in turns, of their medians and of their fastest tenths. Prints one line of JSON, in milliseconds. Two kernels can be
 * compared where the machine is equally fast and equally idle for both.
 */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Manager } from '../../index.js'

/** During the first calls the worker file is compiled and the machine's caches fill. */
const WARMUPS = 4
const ROUNDS = 30
const MIDDLE = 0.5
const FAST = 0.1

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'toolwarden-spawn-cost-')))
writeFileSync(join(dir, 'tools.mjs'), 'export const add = ({ a, b }) => a + b\n')
/** @param {'required' | 'off'} sandbox */
const open = (sandbox) => ({
  manager: new Manager(dir, { sandbox, bunPermissions: [], entrypointPath: './tools.mjs', isolation: 'call', minWorkers: 0, toolExecutionTimeout: '5m' }),
  /** @type {number[]} */
  times: [],
})
const required = open('required')
const off = open('off')

/** @param {ReturnType<typeof open>} one */
async function timed({ manager }) {
  const from = performance.now()
  await manager.executeTool('add', { a: 1, b: 2 })
  return performance.now() - from
}

try {
  for (let call = 0; call < WARMUPS; call += 1) for (const one of [required, off]) await timed(one)
  // Each follows the other equally often.
  for (let round = 0; round < ROUNDS; round += 1) for (const one of round % 2 === 0 ? [required, off] : [off, required]) one.times.push(await timed(one))
} finally {
  for (const { manager } of [required, off]) await manager.close({ force: true })
  rmSync(dir, { recursive: true, force: true })
}
/** @param {number[]} times @param {number} share */
const quantile = (times, share) => times.toSorted((one, other) => one - other)[Math.floor((times.length - 1) * share)] ?? Number.NaN

/** @param {number} share */
const at = (share) => {
  const [sandboxed, plain] = [quantile(required.times, share), quantile(off.times, share)]
  return { sandboxed: Number(sandboxed.toFixed(1)), plain: Number(plain.toFixed(1)), part: Number((sandboxed - plain).toFixed(1)) }
}
process.stdout.write(`${JSON.stringify({ rounds: ROUNDS, median: at(MIDDLE), fastest: at(FAST) })}\n`)
