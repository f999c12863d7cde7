/** The 1.x line: `@modelcontextprotocol/sdk`. */

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CallToolRequestSchema,
  CallToolResultSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  SetLevelRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

const SCHEMAS = {
  'logging/setLevel': SetLevelRequestSchema,
  'tools/list': ListToolsRequestSchema,
  'tools/call': CallToolRequestSchema,
}

/** @type {import('./sdk.d.ts').Sdk} */
export const sdk = {
  Server: /** @type {any} */ (Server),
  HttpTransport: /** @type {any} */ (StreamableHTTPServerTransport),
  handle: (server, method, handler) =>
    server.setRequestHandler(SCHEMAS[method], (/** @type {any} */ { params }, /** @type {any} */ { sessionId, signal, sendNotification }) =>
      handler(params, { sessionId, signal, notify: (notification) => sendNotification(notification) }),
    ),
  isToolResult: (value) => CallToolResultSchema.safeParse(value).success,
  invalidParams: (message, data) => new McpError(ErrorCode.InvalidParams, message, data),
}
