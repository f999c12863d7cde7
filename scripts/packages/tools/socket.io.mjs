import { once } from 'node:events'
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'

export async function job() {
  const server = createServer()
  const sockets = new Server(server)
  sockets.on('connection', (socket) => socket.on('ask', (question, answer) => answer(`answer to ${question}`)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = io(`http://127.0.0.1:${server.address().port}`)
  const answer = await client.emitWithAck('ask', 'hello')
  client.disconnect()
  await sockets.close()
  return answer
}
