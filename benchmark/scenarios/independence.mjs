/**
 * Scenario: a warm call must not get slower with the limit of the queue, the number of tools or the size of the host.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reused } from '../contestants/toolwarden.mjs'
import { fillHeap } from '../meters/heap.mjs'
import { oneByOne } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

const TOOLS = 2000

/** @param {string} folder */
function manyTools(folder) {
  const path = join(folder, 'many.mjs')
  const others = Array.from({ length: TOOLS }, (_, at) => `export const tool${at} = () => ${at}\n`)
  writeFileSync(path, `${others.join('')}export const add = ({ a, b, note }) => ({ sum: a + b, note })\n`)
  return path
}

export const independence = {
  name: 'independence',
  title: 'A warm call, which should not depend on these settings',
  entrypoints: ['empty'],
  hostFlags: ({ heapMb }) => [`--max-old-space-size=${heapMb + 1024}`],
  async run({ entrypoint, profile, heapMb }) {
    const folder = mkdtempSync(join(tmpdir(), 'toolwarden-bench-'))
    const plan = { ...profile, discard: 1 }
    const measure = (contestant) => oneByOne(contestant, { ms: profile.sliceMs })
    try {
      const small = await interleave(
        [
          reused({ entrypoint }, 'one tool, no limit'),
          reused({ entrypoint, maxQueue: 1 }, 'maxQueue 1'),
          reused({ entrypoint, maxQueue: 1_000_000 }, 'maxQueue 1,000,000'),
          reused({ entrypoint: manyTools(folder) }, `${TOOLS} tools`),
        ],
        plan,
        measure,
      )
      const held = fillHeap(heapMb)
      const large = await interleave([reused({ entrypoint }, `host heap of ${held.size} MiB`)], plan, measure)
      return [...small, ...large]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
