/** Scenario: a process of its own for every call, with eight callers that never pause. */

import { deno } from '../contestants/deno.mjs'
import { execa } from '../contestants/execa.mjs'
import { spawn } from '../contestants/spawn.mjs'
import { sustained, sustainedCached } from '../contestants/toolwarden.mjs'
import { manyAtOnce } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

const IN_FLIGHT = 8

export const processThroughput = {
  name: 'process-throughput',
  title: `A process per call, ${IN_FLIGHT} calls in flight`,
  entrypoints: ['empty', 'zod', 'zod-ai'],
  run: ({ entrypoint, profile }) =>
    interleave(
      // A small entrypoint has no bundle.
      [spawn, sustained, ...(entrypoint.endsWith('/empty.mjs') ? [] : [sustainedCached]), execa, deno].map((make) =>
        make({ entrypoint, inFlight: IN_FLIGHT }),
      ),
      profile,
      (contestant) => manyAtOnce(contestant, { ms: profile.sliceMs, inFlight: IN_FLIGHT }),
    ),
}
