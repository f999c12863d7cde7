/**
 * Scenario: sixty-four callers and one reused worker; the calls per second, and the processor time of both sides per
 * call.
 */

import { pipe } from '../contestants/pipe.mjs'
import { piscina, piscinaConcurrent } from '../contestants/piscina.mjs'
import { tinypool, tinypoolConcurrent } from '../contestants/tinypool.mjs'
import { reused } from '../contestants/toolwarden.mjs'
import { workerpool } from '../contestants/workerpool.mjs'
import { manyAtOnce } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

const IN_FLIGHT = 64

export const reusedThroughput = {
  name: 'reused-throughput',
  title: `Reused worker, ${IN_FLIGHT} calls in flight`,
  entrypoints: ['empty'],
  run: ({ entrypoint, profile }) =>
    interleave(
      [pipe, reused, piscina, piscinaConcurrent, tinypool, tinypoolConcurrent, workerpool].map((make) =>
        make({ entrypoint, inFlight: IN_FLIGHT }),
      ),
      { ...profile, discard: 1 },
      (contestant) => manyAtOnce(contestant, { ms: profile.sliceMs, inFlight: IN_FLIGHT }),
    ),
}
