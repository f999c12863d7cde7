/** A mail server in this process that accepts everything and stores nothing. */

import { once } from 'node:events'
import { createServer } from 'node:net'

/** @param {import('node:net').Socket} socket */
function serve(socket) {
  let rest = ''
  let inMail = false
  socket.on('error', () => socket.destroy())
  socket.write('220 localhost ESMTP\r\n')
  socket.setEncoding('utf8').on('data', (text) => {
    const lines = `${rest}${text}`.split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (inMail) {
        if (line !== '.') continue
        inMail = false
        socket.write('250 accepted\r\n')
      } else if (line.toUpperCase() === 'DATA') {
        inMail = true
        socket.write('354 go on\r\n')
      } else if (line.toUpperCase() === 'QUIT') {
        socket.end('221 bye\r\n')
      } else {
        socket.write('250 localhost\r\n')
      }
    }
  })
}

export async function smtp() {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return { value: address.port, stop }
}
