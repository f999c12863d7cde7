/** The same as mcp.js on the 2.x line of the SDK: `@modelcontextprotocol/server` and `@modelcontextprotocol/node`. */

import { listenWith } from './mcp/http.js'
import { sdk } from './mcp/sdk-v2.js'
import { makeServer } from './mcp/server.js'

/** @type {typeof import('./mcp-v2.d.ts').createMcpServer} */
export const createMcpServer = (manager, options) => makeServer(sdk, manager, options)

/** @type {typeof import('./mcp-v2.d.ts').listenHttp} */
export const listenHttp = (manager, options) => listenWith(sdk, manager, options)
