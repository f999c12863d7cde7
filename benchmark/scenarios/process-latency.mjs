/** Scenario: a process of its own for every call, with one call at a time. */

import { deno } from '../contestants/deno.mjs'
import { execa } from '../contestants/execa.mjs'
import { sandboxRuntime } from '../contestants/sandbox-runtime.mjs'
import { spawn } from '../contestants/spawn.mjs'
import { cold, coldCached, prewarmed, warmedUp } from '../contestants/toolwarden.mjs'
import { oneByOne } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

/** Contestants that only make sense with real imports: an empty entrypoint has nothing to warm up, and no bundle. */
const OF_REAL_IMPORTS = [warmedUp, coldCached]

export const processLatency = {
  name: 'process-latency',
  title: 'A process per call, one call at a time',
  entrypoints: ['empty', 'zod', 'zod-ai'],
  run: ({ entrypoint, profile }) =>
    interleave(
      [spawn, prewarmed, cold, ...(entrypoint.endsWith('/empty.mjs') ? [] : OF_REAL_IMPORTS), execa, deno, sandboxRuntime].map(
        (make) => make({ entrypoint }),
      ),
      profile,
      (contestant) => oneByOne(contestant, { ms: profile.sliceMs, most: profile.callsPerRound }),
    ),
}
