/** The tools as an MCP server over HTTP, and a client of the official SDK that calls one of them. */

import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { Manager } from 'toolwarden'
import { listenHttp } from 'toolwarden/mcp'

const manager = new Manager(process.cwd(), {
  entrypointPath: fileURLToPath(new URL('../tools.ts', import.meta.url)),
  bunPermissions: ['--allow-read'],
})
const server = await listenHttp(manager, { name: 'example', version: '1.0.0' })
console.log(`serving ${server.url}`)

const client = new Client({ name: 'example-client', version: '1.0.0' })
try {
  await client.connect(/** @type {any} */ (new StreamableHTTPClientTransport(new URL(server.url))))
  const { tools } = await client.listTools()
  for (const { name, annotations } of tools) console.log(name, annotations ?? '')
  const { structuredContent } = await client.callTool({ name: 'weather', arguments: { city: 'Oslo' } })
  console.log(structuredContent)
} finally {
  await client.close()
  await server.close()
  await manager.close()
}
