/**
 * Interleaved rounds: every round measures each contestant once, in turn, so that changes in the machine's load affect
 * all alike.
 */

import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { INPUT, RESULT } from './payload.mjs'

/** A median of fewer rounds than this says little, so a scenario's time budget does not stop it earlier. */
const FEWEST_ROUNDS = 3
/** A pause in which the processes of the last contestant can end. */
const PAUSE_MS = 25
/** A process can be forked after ten seconds and more. */
const SETUP_LIMIT_MS = 40_000
const TEARDOWN_LIMIT_MS = 5000

/** @param {Promise<any>} promise @param {number} ms @param {string} what */
async function within(promise, ms, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const reasonOf = (error) => String(error?.message ?? error).split('\n')[0]

/**
 * Starts a contestant. One that cannot start, or answers wrongly, is reported as not run and does not stop the others.
 */
export async function started(contestant) {
  try {
    await within(contestant.setup(), SETUP_LIMIT_MS, 'setup')
    const result = await within(contestant.call(INPUT), SETUP_LIMIT_MS, 'the first call')
    if (!isDeepStrictEqual(result, RESULT)) throw new Error(`wrong answer: ${JSON.stringify(result)}`)
    return null
  } catch (error) {
    await ended(contestant)
    return reasonOf(error)
  }
}

/** Ends a contestant. One that does not end in time is left running until the host ends. */
export async function ended(contestant) {
  try {
    await within(contestant.teardown(), TEARDOWN_LIMIT_MS, 'teardown')
  } catch (error) {
    process.stderr.write(`${contestant.name}: ${reasonOf(error)}\n`)
  }
}

/**
 * @param {Array<{ name: string, setup(): Promise<void>, call(input: unknown): Promise<unknown>, teardown(): Promise<void> }>} contestants
 * @param {{ rounds: number, budgetMs: number, discard?: number }} plan discard: rounds at the start that only warm up
 * @param {(contestant: any) => Promise<Record<string, number>>} measure measures one round of one contestant
 * @returns {Promise<Array<{ contestant: string, enforcement?: string, rounds?: Array<Record<string, number>>, notRun?: string }>>}
 */
export async function interleave(contestants, { rounds, budgetMs, discard = 0 }, measure) {
  const entries = []
  for (const contestant of contestants) {
    const reason = await started(contestant)
    const enforcement = reason === null ? contestant.enforcement?.() : undefined
    entries.push({ contestant, rounds: [], notRun: reason, enforcement })
  }
  const running = () => entries.filter((entry) => entry.notRun === null)
  const from = performance.now()
  for (let round = 0; round < rounds + discard; round += 1) {
    if (round >= FEWEST_ROUNDS + discard && performance.now() - from > budgetMs) break
    const order = running()
    for (let place = 0; place < order.length; place += 1) {
      const entry = order[(place + round) % order.length]
      await sleep(PAUSE_MS)
      try {
        const figures = await measure(entry.contestant)
        if (round >= discard) entry.rounds.push(figures)
      } catch (error) {
        entry.notRun = `failed in round ${round + 1}: ${reasonOf(error)}`
      }
    }
  }
  for (const { contestant } of running()) await ended(contestant)
  return entries.map(({ contestant: { name }, rounds: taken, notRun, enforcement }) =>
    notRun === null ? { contestant: name, enforcement, rounds: taken } : { contestant: name, notRun },
  )
}
