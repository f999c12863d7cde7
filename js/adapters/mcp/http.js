/** Streamable HTTP with a session per client, guarded against requests that web pages make in a user's name. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { hostHeaderValidation } from '@modelcontextprotocol/sdk/server/middleware/hostHeaderValidation.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { ownHostnames, urlHost } from './hostnames.js'
import { createMcpServer } from './server.js'

const PATH = '/mcp'
/** Clients often leave without ending their session: beyond this, the one not used for longest makes place. */
const MOST_SESSIONS = 1000

/** @param {import('node:http').ServerResponse} response @param {number} status @param {number} code @param {string} message */
function refuse(response, status, code, message) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }))
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string[]} hostnames
 */
function isForeign(request, response, hostnames) {
  let foreign = true
  const reply = { status: (/** @type {number} */ status) => ({ json: (/** @type {any} */ { error }) => refuse(response, status, error.code, error.message) }) }
  hostHeaderValidation(hostnames)(/** @type {any} */ (request), /** @type {any} */ (reply), () => {
    foreign = false
  })
  if (foreign) return true
  const { origin } = request.headers
  if (origin === undefined || (URL.canParse(origin) && hostnames.includes(new URL(origin).hostname))) return false
  refuse(response, 403, -32000, `Invalid Origin: ${origin}`)
  return true
}

/** The transports by session, least recently used first. */
class Sessions {
  /** @type {Map<string, StreamableHTTPServerTransport>} */ #transports = new Map()

  /** @param {string} id */
  use(id) {
    const transport = this.#transports.get(id)
    if (transport === undefined) return undefined
    this.#transports.delete(id)
    this.#transports.set(id, transport)
    return transport
  }

  /** @param {string} id @param {StreamableHTTPServerTransport} transport */
  add(id, transport) {
    this.#transports.set(id, transport)
    if (this.#transports.size <= MOST_SESSIONS) return
    const [oldest] = this.#transports.values()
    void oldest?.close()
  }

  /** @param {string | undefined} id */
  remove(id) {
    if (id !== undefined) this.#transports.delete(id)
  }

  async closeAll() {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()))
  }
}

/**
 * @param {import('../mcp.d.ts').McpManager} manager
 * @param {import('../mcp.d.ts').HttpOptions} [options]
 * @returns {Promise<import('../mcp.d.ts').McpHttpServer>}
 */
export async function listenHttp(manager, { host = '127.0.0.1', port = 0, ...options } = {}) {
  const sessions = new Sessions()

  async function newSession() {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.add(id, transport),
    })
    const server = createMcpServer(manager, options)
    // Set before connect(), which calls what it finds here after its own work.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target: the SDK's callback
    transport.onclose = () => sessions.remove(transport.sessionId)
    await server.connect(/** @type {any} */ (transport))
    return transport
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function handle(request, response) {
    if (isForeign(request, response, ownHostnames(host, request.socket.localAddress))) return
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== PATH) {
      return refuse(response, 404, -32000, `Not found; the server is at ${PATH}`)
    }
    const id = request.headers['mcp-session-id']
    const transport = typeof id === 'string' ? sessions.use(id) : await newSession()
    if (transport === undefined) return refuse(response, 404, -32001, 'Session not found')
    await transport.handleRequest(request, response)
    // Anything but an initialize request was refused by the new transport and leaves no session.
    if (transport.sessionId === undefined) await transport.close()
  }

  const http = createServer((request, response) => {
    handle(request, response).catch((error) => {
      if (!response.headersSent) refuse(response, 500, -32603, `Internal error: ${error.message}`)
      else response.destroy()
    })
  })
  http.listen(port, host)
  await once(http, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (http.address())

  return {
    url: `http://${urlHost(host)}:${address.port}${PATH}`,
    async close() {
      const closed = once(http, 'close')
      http.close()
      await sessions.closeAll()
      http.closeAllConnections()
      await closed
    },
  }
}
