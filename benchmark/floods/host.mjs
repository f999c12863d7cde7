/** Measures one flood in this process, a host of its own, and ends. */

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { endDescendants } from '../meters/proc.mjs'
import { FLOODS } from './all.mjs'
import { measure } from './measure.mjs'

const { flood: name, plan, resultFile } = JSON.parse(process.argv[2])
const flood = FLOODS.find((one) => one.name === name)
writeFileSync(resultFile, JSON.stringify(await measure(flood, plan)))
// What the flood left behind may hold the process up; what it measured is written.
endDescendants()
process.exit(0)
