/**
 * Runs one scenario with one entrypoint in this process, which is the measured host. Each scenario gets a new process,
 * so that none inherits the heap or the processes of another.
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
// A contestant's library may have left something open or running. The measurements are written, so nothing has to be
// waited for.
endDescendants()
process.exit(0)
