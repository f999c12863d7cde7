import { createServer } from 'node:http'
import net from 'node:net'

import { bounded } from './waiting.mjs'

const listening = (server, host) =>
  bounded(
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, host, () => resolve(server.address().port))
    }),
    'a server to listen',
  )

/**
 * A server on a loopback address that answers "hi" over HTTP and accepts every WebSocket. Returns its port and a
 * function that closes it.
 */
export async function greeter(host = '127.0.0.1') {
  const sockets = new Set()
  const server = createServer((_, response) => response.end('hi'))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', async (request, socket) => {
    const text = new TextEncoder().encode(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    const accept = Buffer.from(await crypto.subtle.digest('SHA-1', text)).toString('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  })
  const port = await listening(server, host)
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      for (const socket of sockets) socket.destroy()
    })
  return { port, close }
}

/** A port of a loopback address without a listener: the kernel assigned it, and it was closed again. */
export async function freePort(host = '127.0.0.1') {
  const server = net.createServer()
  const port = await listening(server, host)
  await new Promise((resolve) => server.close(resolve))
  return port
}
