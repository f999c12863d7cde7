/** Runs jobs on each engine while hosts and tools are killed: the short form of benchmark/scale/chaos.mjs. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { chaos, ENGINES } from '../../benchmark/scale/chaos.mjs'

const SIZE = { jobs: 16, hostKills: 2, toolKills: 2 }

describe('Jobs whose hosts and tools are killed', () => {
  for (const engine of ENGINES) {
    test(`on ${engine}: each has one result, and nothing lives on`, { timeout: 120_000 }, async () => {
      const { right, failed, stuck, orphans, kills, effects } = await chaos(engine, SIZE)
      assert.deepEqual({ right, failed, stuck, orphans, hosts: kills.host }, { right: SIZE.jobs, failed: [], stuck: [], orphans: [], hosts: SIZE.hostKills })
      // Jobs run at least once, so a side effect may be repeated, but none may be missing.
      assert.ok(effects >= SIZE.jobs, `${effects} side effects`)
    })
  }
})
