/** A host of one contestant: `peer-host.mjs <name> <queue> <connection as JSON> <config as JSON>`. It cancels a job when it reads `cancel <id>`. */

import process from 'node:process'
import { createInterface } from 'node:readline'
import { CONTESTANTS } from './contestants.mjs'

const [name = '', queue = '', connection = '', config = '{}'] = process.argv.slice(2)
const { worker } = await CONTESTANTS[name](queue, { connection: JSON.parse(connection), drainDelay: 1 }, JSON.parse(config))
createInterface({ input: process.stdin }).on('line', (line) => worker.cancelJob(line.split(' ')[1], 'asked for'))
console.log('ready')
