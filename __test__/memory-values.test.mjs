import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { memoryCases, tryLimit } from './support/memory-cases.mjs'

/**
 * `npm run memory` tries every value. These are the values at which Bun once did not start, ran slowly, or could not
 * allocate memory.
 */
const VALUES = { bun: [64, 320, 528, 640, 896, 1552], node: [64, 512] }

describe('Whatever the value of maxMemoryMb, a process starts, compiles, can use it, and is ended above it', () => {
  for (const [runtimeType, values] of Object.entries(VALUES)) {
    for (const mib of values) {
      it(`${mib} MiB, run by ${runtimeType}.`, async () => {
        const result = await tryLimit(runtimeType, mib)
        for (const name of memoryCases) assert.ok(result[name], `${name}: ${JSON.stringify(result)}`)
      })
    }
  }
})
