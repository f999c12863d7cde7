/**
 * Serves the page and what it asks for, on the loopback address alone.
 * The decisions behind it: docs/decisions.md#the-inspect-page.
 */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Audience } from './audience.js'
import { pageFile } from './files.js'
import { enter } from './guard.js'

const HOST = '127.0.0.1'
/** Bytes of one request: an input, in most cases. */
const LARGEST = 16 * 1024 * 1024
/** Milliseconds between two samples for the chart. */
const SAMPLED_EVERY = 500

/** The page uses only what is served here, and no other page may embed it or learn its address. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<any>} */
async function bodyOf(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > LARGEST) throw new RangeError(`the request is larger than ${LARGEST} bytes`)
    chunks.push(chunk)
  }
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof body !== 'object' || body === null) throw new TypeError('the request is no object')
  return body
}

/**
 * @param {(publish: (event: unknown) => void) => import('./session.js').InspectSession} makeSession
 * @param {number} port 0: any free one
 */
export async function listen(makeSession, port) {
  const token = randomBytes(24).toString('base64url')
  const audience = new Audience(() => session.state())
  const session = makeSession((event) => audience.publish(event))
  await session.load()
  /** @type {Record<string, (asked: any) => unknown>} */
  const actions = {
    'api/run': (asked) => session.run(asked),
    'api/cancel': (asked) => session.cancel(asked),
    'api/allow': (asked) => session.allow(asked),
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async function handle(request, response) {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const address = /** @type {import('node:net').AddressInfo} */ (http.address())
    const entered = enter(request, { token, port: address.port })
    if ('refused' in entered) return void response.writeHead(entered.refused, { connection: 'close' }).end()
    const { path } = entered
    if (request.method === 'GET') {
      if (path === 'api/events') return audience.add(response)
      const file = pageFile(path)
      if (file === undefined) return void response.writeHead(404).end()
      return void response.writeHead(200, { 'content-type': file.type }).end(file.content)
    }
    const action = request.method === 'POST' && Object.hasOwn(actions, path) ? actions[path] : undefined
    if (action === undefined) return void response.writeHead(404, { connection: 'close' }).end()
    const answer = await action(await bodyOf(request))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  const http = createServer((request, response) => {
    // A broken connection is not a failure of this program.
    request.on('error', () => {})
    response.on('error', () => {})
    handle(request, response).catch((error) => {
      if (response.headersSent) return response.destroy()
      response.writeHead(400, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify({ error: error.message }))
    })
  })
  http.listen(port, HOST)
  await once(http, 'listening')
  const sampling = setInterval(() => {
    if (!audience.isEmpty) audience.publish(session.sample())
  }, SAMPLED_EVERY)
  const address = /** @type {import('node:net').AddressInfo} */ (http.address())

  return {
    url: `http://${HOST}:${address.port}/${token}/`,
    async close() {
      clearInterval(sampling)
      const closed = once(http, 'close')
      http.close()
      audience.end()
      http.closeAllConnections()
      await session.close()
      await closed
    },
  }
}
