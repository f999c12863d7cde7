import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

/** A server in a process of its own: the runtime's program, with the tool's permissions. */
export async function job() {
  const client = new Client({ name: 'tool', version: '1.0.0' })
  const server = join(import.meta.dirname, 'mcp-server.mjs')
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server], stderr: 'inherit' }))
  const { content } = await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })
  await client.close()
  return content[0].text
}
