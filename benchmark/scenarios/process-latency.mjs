/** A process of its own for every call, calls coming one at a time. */

import { deno } from '../contestants/deno.mjs'
import { execa } from '../contestants/execa.mjs'
import { sandboxRuntime } from '../contestants/sandbox-runtime.mjs'
import { spawn } from '../contestants/spawn.mjs'
import { cold, coldCached, prewarmed } from '../contestants/toolwarden.mjs'
import { oneByOne } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

export const processLatency = {
  name: 'process-latency',
  title: 'A process per call, one call at a time',
  entrypoints: ['empty', 'zod', 'zod-ai'],
  run: ({ entrypoint, profile }) =>
    interleave(
      // A small entrypoint has no bundle.
      [spawn, prewarmed, cold, ...(entrypoint.endsWith('/empty.mjs') ? [] : [coldCached]), execa, deno, sandboxRuntime].map((make) =>
        make({ entrypoint }),
      ),
      profile,
      (contestant) => oneByOne(contestant, { ms: profile.sliceMs, most: profile.callsPerRound }),
    ),
}
