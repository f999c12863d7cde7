/**
 * Runs one scenario with one entrypoint in this process, which is the host that is measured: a fresh one each time, so
 * that no scenario leaves its heap or its processes to the next.
 */

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { endDescendants } from './meters/proc.mjs'
import { PROFILES } from './profiles.mjs'
import { SCENARIOS } from './scenarios/all.mjs'

const { scenario: name, entrypoint, profile, heapMb, resultFile } = JSON.parse(process.argv[2])
const scenario = SCENARIOS.find((one) => one.name === name)
const entries = await scenario.run({
  entrypoint: fileURLToPath(new URL(`./tools/${entrypoint}.mjs`, import.meta.url)),
  profile: PROFILES[profile],
  heapMb,
})
writeFileSync(resultFile, JSON.stringify(entries))
// A contestant's library may leave something open or running; what it measured is written, nothing is worth waiting for.
endDescendants()
process.exit(0)
