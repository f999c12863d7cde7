import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { HttpOptions, McpHttpServer, McpManager, McpOptions } from './mcp/types.d.ts'

export type * from './mcp/types.d.ts'

/** A low-level Server of the SDK: connect it to a transport. One server is one session. */
export function createMcpServer(manager: McpManager, options?: McpOptions): Server

/**
 * Serves streamable HTTP at /mcp with a session per client. Requests whose Host or Origin is not this server are
 * rejected with 403, so that web pages cannot reach it through a host name of their own.
 */
export function listenHttp(manager: McpManager, options?: HttpOptions): Promise<McpHttpServer>
