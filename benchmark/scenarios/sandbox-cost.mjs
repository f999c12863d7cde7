/** Scenario: the same cold start with and without the sandbox; the difference is the cost of the sandbox. */

import { cold, coldUnsandboxed } from '../contestants/toolwarden.mjs'
import { oneByOne } from '../meters/calls.mjs'
import { interleave } from '../rounds.mjs'

export const sandboxCost = {
  name: 'sandbox-cost',
  title: "The sandbox's part of a process start",
  entrypoints: ['empty'],
  run: ({ entrypoint, profile }) =>
    interleave(
      [cold({ entrypoint }), coldUnsandboxed({ entrypoint })],
      { ...profile, rounds: profile.rounds * 2 },
      (contestant) => oneByOne(contestant, { ms: profile.sliceMs, most: profile.callsPerRound }),
    ),
}
