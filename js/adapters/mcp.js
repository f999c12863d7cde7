/**
 * A manager's tools as a Model Context Protocol server, on `@modelcontextprotocol/sdk` 1.x.
 * The decisions behind it: docs/decisions.md#command-line-and-mcp.
 */

import { listenWith } from './mcp/http.js'
import { sdk } from './mcp/sdk-v1.js'
import { makeServer } from './mcp/server.js'

/** @type {typeof import('./mcp.d.ts').createMcpServer} */
export const createMcpServer = (manager, options) => makeServer(sdk, manager, options)

/** @type {typeof import('./mcp.d.ts').listenHttp} */
export const listenHttp = (manager, options) => listenWith(sdk, manager, options)
