/** `npm run demo`: builds what is missing, then runs the example. */

import process from 'node:process'
import { hostNode, run } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
const { status } = await run(hostNode, ['examples/demo/run.mjs'])
process.exitCode = status
