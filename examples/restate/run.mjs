/**
 * Tools as a service of Restate, on Node 22 or newer: its server is started (the npm package `@restatedev/restate-server`), the service is
 * registered, and a tool called through the server.
 */

import { createServer } from 'node:http2'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import { connect } from '@restatedev/restate-sdk-clients'
import { Manager } from 'toolwarden'
import { toolService } from 'toolwarden/restate'
import { startRestate } from '../../scripts/servers/restate.mjs'

const server = await startRestate()
// Restate sends all invocations at once: what the queue has no place for comes again a little later.
const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
  maxQueue: 100,
})

const tools = await toolService(manager, { retry: { maxRetryAttempts: 3 } })
const endpoint = createServer(createEndpointHandler({ services: [tools] }))
/** @type {number} */
const port = await new Promise((resolve) => {
  endpoint.listen(0, '127.0.0.1', () => resolve(/** @type {import('node:net').AddressInfo} */ (endpoint.address()).port))
})
try {
  const registered = await fetch(`${server.admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  })
  if (!registered.ok) throw new Error(await registered.text())
  const client = connect({ url: server.ingress })
  console.log(await client.serviceClient(tools).weather?.({ city: 'Oslo' }))
} finally {
  await server.stop()
  endpoint.close()
  await manager.close()
}
