/** A host process that measures one flood and ends. */

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { endDescendants } from '../meters/proc.mjs'
import { FLOODS } from './all.mjs'
import { measure } from './measure.mjs'

const { flood: name, plan, resultFile } = JSON.parse(process.argv[2])
const flood = FLOODS.find((one) => one.name === name)
writeFileSync(resultFile, JSON.stringify(await measure(flood, plan)))
// Processes that the flood left behind may keep this process alive; the measurements are already written.
endDescendants()
process.exit(0)
