import { connect } from 'node:net'

export async function job({ redis }) {
  const socket = connect(redis, '127.0.0.1')
  socket.end('PING\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return text
}
