/** Scenario: one caller and one reused worker; the time from the call to its answer. */

import { pipe } from '../contestants/pipe.mjs'
import { piscina } from '../contestants/piscina.mjs'
import { tinypool } from '../contestants/tinypool.mjs'
import { reused } from '../contestants/toolwarden.mjs'
import { workerpool } from '../contestants/workerpool.mjs'
import { oneByOne } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

export const reusedLatency = {
  name: 'reused-latency',
  title: 'Reused worker, one call at a time',
  entrypoints: ['empty'],
  run: ({ entrypoint, profile }) =>
    interleave(
      [pipe, reused, piscina, tinypool, workerpool].map((make) => make({ entrypoint })),
      { ...profile, discard: 1 },
      (contestant) => oneByOne(contestant, { ms: profile.sliceMs }),
    ),
}
