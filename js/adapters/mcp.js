/**
 * A manager's tools as a Model Context Protocol server, on `@modelcontextprotocol/sdk` 1.x.
 * The decisions behind it: docs/decisions.md#command-line-and-mcp.
 */

export { listenHttp } from './mcp/http.js'
export { createMcpServer } from './mcp/server.js'
