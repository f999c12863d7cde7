import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'

/** A server of its own that answers, and a client. */
export async function job() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(`answer to ${data}`)))
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  await once(client, 'open')
  client.send('hello')
  const [data] = await once(client, 'message')
  client.terminate()
  server.close()
  return String(data)
}
