/** Web services, in this process, that answer the requests of the jobs. */

import { once } from 'node:events'
import { createServer } from 'node:http'

const completion = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}
const message = {
  id: 'm1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
}

/** @type {Record<string, unknown>} */
const answers = {
  '/json': { hello: 'world' },
  '/v1/customers/cus_1': { id: 'cus_1', object: 'customer', name: 'Ada' },
  '/drive/v3/files': { files: [{ name: 'a.txt' }] },
  '/v1/chat/completions': completion,
  '/v1/messages': message,
  '/graphql': { data: { hello: 'world' } },
  '/repos/a/b': { full_name: 'a/b' },
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
async function answer(request, response) {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  /** @type {Buffer[]} */
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const json = (/** @type {unknown} */ value) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  if (path === '/redirect') response.writeHead(302, { location: `http://localhost:${request.socket.localPort}/json` }).end()
  else if (path === '/echo') json(JSON.parse(String(body)))
  else if (path === '/length') json({ bytes: body.length })
  else if (path === '/bucket/key') response.setHeader('content-type', 'text/plain').end('hello')
  else if (path in answers) json(answers[path])
  else response.writeHead(404).end()
}

export async function http() {
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { value: address.port, stop }
}
