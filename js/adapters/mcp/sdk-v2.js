/** The 2.x line: `@modelcontextprotocol/server`, with `@modelcontextprotocol/node` for HTTP. */

import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import { isCallToolResult, ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server'

/** @type {import('./sdk.d.ts').Sdk} */
export const sdk = {
  Server: /** @type {any} */ (Server),
  HttpTransport: /** @type {any} */ (NodeStreamableHTTPServerTransport),
  handle: (server, method, handler) =>
    server.setRequestHandler(method, (/** @type {any} */ { params }, /** @type {any} */ { sessionId, mcpReq }) =>
      handler(params, { sessionId, signal: mcpReq.signal, notify: (notification) => mcpReq.notify(notification) }),
    ),
  isToolResult: isCallToolResult,
  invalidParams: (message, data) => new ProtocolError(ProtocolErrorCode.InvalidParams, message, data),
}
