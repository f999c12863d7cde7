/** Serves the tools of an entrypoint on the 2.x line of the SDK, and prints the address on stderr. */

import process from 'node:process'
import { Manager } from '../../index.js'
import { listenHttp } from '../../js/adapters/mcp-v2.js'

const manager = new Manager(process.cwd(), { entrypointPath: process.argv[2] ?? '' })
const { url, close } = await listenHttp(manager)
process.once('SIGINT', async () => {
  await close()
  await manager.close({ force: true })
})
process.stderr.write(`${url}\n`)
