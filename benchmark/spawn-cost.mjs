/**
 * Compares the cost of the sandbox at process start in two checkouts, to find out whether a change makes starts slower.
 * Every round makes one cold call with each checkout, sandboxed and not, in an order that rotates from round to round,
 * so that changes in the machine's load affect all four alike. The cost is the difference between calls with the
 * sandbox and without: of their medians, and of their fastest tenths, which a busy machine disturbs less, since it can
 * only make calls slower.
 *
 *   node benchmark/spawn-cost.mjs --against DIR [--rounds N] [--policies A,B] [--most-growth 1.1]
 *
 * DIR is another checkout, with its addon built; "this" is the checkout of this file. Comparing two copies of one
 * checkout shows the noise. Exits with 1 if the cost of the fastest tenth grew by more than `--most-growth`, if that is
 * given.
 */

import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { bunPath } from './contestants/binaries.mjs'
import { INPUT } from './payload.mjs'
import { quantile } from './stats.mjs'

const POLICIES = {
  default: undefined,
  nothing: [],
  net: ['--allow-net=127.0.0.1:80,127.0.0.2,[::1]:443,localhost:8080'],
  run: ['--allow-read', '--allow-run=/bin/true,/bin/cat'],
  'run all': ['--allow-read', '--allow-run'],
  lists: ['--allow-read=/etc,/usr/share,/tmp', '--allow-write=/tmp', '--allow-net=127.0.0.1:80', '--allow-run=/bin/true'],
}
/** During the first calls the worker file is compiled and the machine's caches fill. */
const WARMUPS = 12
const PAUSE_MS = 3
const RESAMPLES = 1000

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '150' },
    policies: { type: 'string', default: Object.keys(POLICIES).join() },
    'most-growth': { type: 'string' },
  },
})
if (values.against === undefined) throw new RangeError('--against DIR: the checkout to compare with')
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 10 || rounds > 10_000) throw new RangeError('--rounds must be 10 to 10000')
const policies = values.policies.split(',')
for (const name of policies) if (!(name in POLICIES)) throw new RangeError(`no policy ${name}; there is ${Object.keys(POLICIES).join(', ')}`)

const CHECKOUTS = { against: resolve(values.against), this: fileURLToPath(new URL('..', import.meta.url)) }

/** Opens one manager of each checkout with the sandbox and one without. */
async function openAll(dir, bunPermissions) {
  const opened = []
  for (const [checkout, folder] of Object.entries(CHECKOUTS)) {
    const { Manager } = await import(pathToFileURL(join(folder, 'index.js')).href)
    for (const sandbox of ['required', 'off']) {
      // Each checkout has a directory of its own: another version might remove a worker file as one that a dead manager
      // left.
      const own = join(dir, checkout)
      mkdirSync(own, { recursive: true })
      copyFileSync(fileURLToPath(new URL('tools/empty.mjs', import.meta.url)), join(own, 'empty.mjs'))
      const manager = new Manager(own, {
        sandbox,
        bunPermissions,
        entrypointPath: './empty.mjs',
        runtimePath: bunPath(),
        isolation: 'call',
        minWorkers: 0,
        toolExecutionTimeout: '60s',
      })
      opened.push({ checkout, sandbox, manager, times: [] })
    }
  }
  return opened
}

async function timed({ manager }) {
  const from = performance.now()
  await manager.executeTool('add', INPUT)
  const took = performance.now() - from
  await sleep(PAUSE_MS)
  return took
}

async function measurePolicy(dir, bunPermissions) {
  const contestants = await openAll(dir, bunPermissions)
  try {
    for (const one of contestants) for (let call = 0; call < WARMUPS; call += 1) await timed(one)
    for (let round = 0; round < rounds; round += 1) {
      // The order is forwards, then backwards, and starts with another one each time, so that no contestant always
      // follows the same one.
      const turned = contestants.map((_, place) => contestants[(place + (round >> 1)) % contestants.length])
      for (const one of round % 2 === 0 ? turned : turned.toReversed()) one.times.push(await timed(one))
    }
  } finally {
    for (const { manager } of contestants) await manager.close({ force: true })
  }
  return (checkout, sandbox) => contestants.find((one) => one.checkout === checkout && one.sandbox === sandbox).times
}

const MIDDLE = 0.5
const FAST = 0.1

/** @param {(checkout: string, sandbox: string) => number[]} times @param {number} share */
const partsAt = (times, share) =>
  Object.keys(CHECKOUTS).map((checkout) => quantile(times(checkout, 'required'), share) - quantile(times(checkout, 'off'), share))

/** How far the ratio of the two costs would move if other rounds had been measured: the middle 90% of resamples. */
function spread(times, share) {
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = Array.from({ length: rounds }, () => Math.floor(Math.random() * rounds))
    const [against, now] = partsAt((checkout, sandbox) => drawn.map((at) => times(checkout, sandbox)[at]), share)
    return now / against
  })
  return [quantile(ratios, 0.05), quantile(ratios, 0.95)]
}

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'toolwarden-spawn-cost-')))
try {
  process.stdout.write(`against: ${CHECKOUTS.against}\nthis:    ${CHECKOUTS.this}\n\n`)
  process.stdout.write('| policy   | of calls     | without, ms | part against, ms | part this, ms | ratio | 90% of resamples |\n')
  process.stdout.write('| -------- | ------------ | ----------- | ---------------- | ------------- | ----- | ---------------- |\n')
  for (const name of policies) {
    const times = await measurePolicy(dir, POLICIES[name])
    for (const [what, share] of [['median', MIDDLE], ['fastest 10%', FAST]]) {
      const [against, now] = partsAt(times, share)
      const [low, high] = spread(times, share)
      const figures = [quantile(times('against', 'off'), share).toFixed(2).padEnd(11), against.toFixed(3).padEnd(16), now.toFixed(3).padEnd(13), (now / against).toFixed(2).padEnd(5)]
      process.stdout.write(`| ${[name.padEnd(8), what.padEnd(12), ...figures, `${low.toFixed(2)} to ${high.toFixed(2)}`.padEnd(16)].join(' | ')} |\n`)
      if (share === FAST && values['most-growth'] !== undefined && now / against > Number(values['most-growth'])) process.exitCode = 1
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
