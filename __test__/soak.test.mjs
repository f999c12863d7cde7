import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SCRIPT = fileURLToPath(new URL('../benchmark/soak.mjs', import.meta.url))

describe('Thousands of mixed calls through one manager', () => {
  it('all settle as their kind does, and leave nothing growing.', async () => {
    const flags = process.versions.bun === undefined ? ['--expose-gc'] : []
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, SCRIPT, '10000'], { timeout: 100_000 })
    const { calls, problems, afterClose } = JSON.parse(stdout)
    assert.deepEqual([calls, problems, afterClose.processes], [10_000, [], 0])
  })
})
