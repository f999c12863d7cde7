/** A program: runs a module of attacks as the user it is started as, and prints what came of them as one line of JSON. */

import process from 'node:process'

import { runAll } from './attacks.mjs'

const module = await import(process.argv[2])
process.stdout.write(`${JSON.stringify(await runAll(module))}\n`)
