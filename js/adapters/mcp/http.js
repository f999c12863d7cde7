/** Streamable HTTP with a session per client, protected against requests that web pages make in a user's name. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Bodies, Refusal } from './body.js'
import { BoundedTransport } from './bounded-transport.js'
import { ownHostnames, urlHost } from './hostnames.js'
import { Budget } from './notifications.js'
import { meteredOutlet } from './outlet.js'
import { makeServer } from './server.js'
import { Sessions } from './sessions.js'

/** Bytes of notifications that may wait for the clients of one server, all of them together. */
const MOST_WAITING = 64 * 1024 * 1024

const PATH = '/mcp'
/**
 * How many milliseconds a client has for its headers, and for the whole request, so that a deliberately slow client
 * occupies nothing for long.
 */
const HEADERS_WITHIN = 10_000
const REQUEST_WITHIN = 60_000
const MOST_CONNECTIONS = 2000

/** @param {import('node:http').ServerResponse} response @param {number} status @param {number} code @param {string} message */
function refuse(response, status, code, message) {
  // The unread rest of a body must not be taken for the next request.
  if (!response.req.complete) response.shouldKeepAlive = false
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }))
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {string[]} hostnames
 */
function isForeign(request, response, hostnames) {
  const { host = '', origin } = request.headers
  const named = `http://${host}`
  if (!URL.canParse(named) || !hostnames.includes(new URL(named).hostname)) {
    refuse(response, 403, -32000, `Invalid Host: ${host}`)
    return true
  }
  if (origin === undefined || (URL.canParse(origin) && hostnames.includes(new URL(origin).hostname))) return false
  refuse(response, 403, -32000, `Invalid Origin: ${origin}`)
  return true
}

/**
 * @param {import('./sdk.d.ts').Sdk} sdk
 * @param {import('../mcp.d.ts').McpManager} manager
 * @param {import('../mcp.d.ts').HttpOptions} [options]
 * @returns {Promise<import('../mcp.d.ts').McpHttpServer>}
 */
export async function listenWith(sdk, manager, { host = '127.0.0.1', port = 0, ...options } = {}) {
  const sessions = new Sessions()
  const bodies = new Bodies()
  const budget = new Budget(MOST_WAITING)

  /** @param {string} address */
  async function newSession(address) {
    const transport = new sdk.HttpTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.add(id, session),
    })
    const bounded = new BoundedTransport(transport)
    const session = { address, http: transport, bounded }
    // Set before connect(), which calls what it finds here after its own work.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target: the SDK's callback
    transport.onclose = () => sessions.remove(transport.sessionId)
    await makeServer(sdk, manager, options, budget).connect(/** @type {any} */ (bounded))
    return session
  }

  /** @param {string | string[] | undefined} id @param {string} address */
  function sessionOf(id, address) {
    if (typeof id === 'string') return sessions.use(id)
    if (!sessions.makeRoom(address)) throw new Refusal(429, -32000, 'there are too many sessions: end one, or try again later')
    return newSession(address)
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function handle(request, response) {
    if (isForeign(request, response, ownHostnames(host, request.socket.localAddress))) return
    if (new URL(request.url ?? '/', 'http://localhost').pathname !== PATH) {
      return refuse(response, 404, -32000, `Not found; the server is at ${PATH}`)
    }
    const address = request.socket.remoteAddress ?? ''
    const body = request.method === 'POST' ? await bodies.json(request) : undefined
    const session = await sessionOf(request.headers['mcp-session-id'], address)
    if (session === undefined) return refuse(response, 404, -32001, 'Session not found')
    const { http: transport, bounded } = session
    // Each request's answer is sent in the events of this response.
    const requests = [body].flat().flatMap((message) => (message?.method !== undefined && message.id !== undefined ? [message.id] : []))
    response.once('close', bounded.meter(requests, meteredOutlet(response)))
    await transport.handleRequest(request, response, body)
    // The new transport rejected everything except an initialize request, and leaves no session.
    if (transport.sessionId === undefined) await transport.close()
  }

  const http = createServer({ headersTimeout: HEADERS_WITHIN, requestTimeout: REQUEST_WITHIN }, (request, response) => {
    // A broken connection is not a failure of this program.
    request.on('error', () => {})
    response.on('error', () => {})
    handle(request, response).catch((error) => {
      if (response.headersSent || request.socket.destroyed) response.destroy()
      else if (error instanceof Refusal) refuse(response, error.status, error.code, error.message)
      else refuse(response, 500, -32603, `Internal error: ${error.message}`)
    })
  })
  http.maxConnections = MOST_CONNECTIONS
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
