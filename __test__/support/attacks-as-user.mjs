/** A program: runs a module of attacks as its own user, and prints the results as one line of JSON. */

import process from 'node:process'

import { runAll } from './attacks.mjs'

const module = await import(process.argv[2])
process.stdout.write(`${JSON.stringify(await runAll(module))}\n`)
