import type { Server } from '@modelcontextprotocol/server'
import type { HttpOptions, McpHttpServer, McpManager, McpOptions } from './mcp/types.d.ts'

export type * from './mcp/types.d.ts'

/** As in `toolwarden/mcp`, on the 2.x line of the SDK. */
export function createMcpServer(manager: McpManager, options?: McpOptions): Server

/** As in `toolwarden/mcp`, on the 2.x line of the SDK. */
export function listenHttp(manager: McpManager, options?: HttpOptions): Promise<McpHttpServer>
