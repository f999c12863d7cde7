import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import './support/about-the-sandbox.mjs'
import { compile } from './support/attack-natives.mjs'

const HOST = fileURLToPath(new URL('../benchmark/floods/host.mjs', import.meta.url))
const FLOOD_MS = 2500
/**
 * The number of calls that are made during a flood, and how many of them must be answered. How fast they are depends on
 * the machine.
 */
const ASKED = { reused: FLOOD_MS / 25, perCall: FLOOD_MS / 150, sameManager: FLOOD_MS / 150, newManager: FLOOD_MS / 250 }
const ENOUGH = 0.4
/**
 * A call beside the flood in its own manager needs a start from the thread that reads the flood. It must get its turn,
 * however late.
 */
const ENOUGH_OF_THE_SAME = 0.15

/** Runs a flood in a host of its own, because a flood may block its host. */
async function underFlood(flood) {
  const folder = mkdtempSync(join(tmpdir(), 'warden-neighbours-'))
  try {
    const resultFile = join(folder, 'result.json')
    const what = JSON.stringify({ flood, plan: { quietMs: 2000, floodMs: FLOOD_MS, runtime: 'bun' }, resultFile })
    await promisify(execFile)(process.execPath, [HOST, what], { timeout: 60_000, killSignal: 'SIGKILL' })
    return JSON.parse(readFileSync(resultFile, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('While a call floods', () => {
  before(compile)

  for (const flood of ['forks', 'sendto', 'connect', 'flock', 'progress', 'logs', 'deep values', 'denials']) {
    it(`neighbours are answered, and everything closes: ${flood}.`, async () => {
      const { flooded, closeMs, enforcement } = await underFlood(flood)
      assert.equal(enforcement, 'kernel')
      for (const [neighbour, asked] of Object.entries(ASKED)) {
        if (flooded[neighbour] === undefined) continue
        const { answered, failed } = flooded[neighbour]
        assert.equal(failed, 0, `${neighbour}: ${failed} calls failed`)
        const enough = neighbour === 'sameManager' ? ENOUGH_OF_THE_SAME : ENOUGH
        assert.ok(answered >= asked * enough, `${neighbour}: ${answered} calls of some ${Math.round(asked)} were answered`)
      }
      assert.notEqual(closeMs, null, 'a forced close did not end')
    })
  }
})
