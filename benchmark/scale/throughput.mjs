/**
 * Measures the jobs per second of an empty tool through one queue on Redis, and those of BullMQ's own sandboxed processors, in one run.
 *
 *     node benchmark/scale/throughput.mjs [--jobs=1000] [--rounds=5]
 */

import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { Queue } from 'bullmq'
import { startRedis } from '../../scripts/servers/redis.mjs'
import { CONTESTANTS, SLOTS } from './contestants.mjs'

const BASE = 'BullMQ, process sandbox'

/** Measures the jobs per second of one contestant, after a tenth of the jobs as a warm-up. */
async function measure(start, connection, queue, jobs) {
  const { worker, close } = await start(queue.name, { connection, drainDelay: 1 })
  let left = 0
  /** @type {(() => void) | undefined} */
  let over
  worker.on('completed', () => --left === 0 && over?.())
  worker.on('failed', (_, error) => {
    throw error
  })
  const run = async (count) => {
    left = count
    const done = new Promise((resolve) => {
      over = () => resolve(undefined)
    })
    await worker.pause(true)
    await queue.addBulk(Array.from({ length: count }, () => ({ name: 'empty', data: {}, opts: { removeOnComplete: true } })))
    const begun = performance.now()
    await worker.resume()
    await done
    return (count * 1000) / (performance.now() - begun)
  }
  try {
    await run(Math.ceil(jobs / 10))
    return await run(jobs)
  } finally {
    await close()
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** Each round measures all contestants, so that other work on the machine affects all of them alike. */
export async function throughput({ jobs = 1000, rounds = 5 } = {}) {
  const server = await startRedis()
  const results = new Map(Object.keys(CONTESTANTS).map((name) => [name, []]))
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, [name, start]] of Object.entries(CONTESTANTS).entries()) {
        const queue = new Queue(`throughput-${round}-${index}`, { connection: server.connection })
        results.get(name).push(await measure(start, server.connection, queue, jobs))
        await queue.close()
      }
    }
  } finally {
    await server.stop()
  }
  const base = results.get(BASE)
  return [...results].map(([name, values]) => {
    // Each value is compared with the base of its own round, because other work on the machine affects both.
    const ratios = values.map((value, round) => value / base[round])
    return { name, perSecond: median(values), ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) }
  })
}

const numberOf = (option, otherwise) => Number(process.argv.find((text) => text.startsWith(`--${option}=`))?.split('=')[1] ?? otherwise)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const size = { jobs: numberOf('jobs', 1000), rounds: numberOf('rounds', 5) }
  console.log(`Medians of ${size.rounds} rounds with ${size.jobs} jobs, ${SLOTS} at once\n`)
  console.log(`| worker | jobs/s | ratio to ${BASE} | lowest to highest ratio of the rounds |\n|---|---|---|---|`)
  for (const { name, perSecond, ratio, lowest, highest } of await throughput(size)) {
    console.log(`| ${name} | ${Math.round(perSecond)} | ${ratio.toFixed(2)} | ${lowest.toFixed(2)} to ${highest.toFixed(2)} |`)
  }
  process.exit()
}
