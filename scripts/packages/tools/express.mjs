import express from 'express'

/** A server of its own, asked by itself. */
export async function job() {
  const app = express()
  app.get('/:name', (request, response) => response.json({ hello: request.params.name }))
  const server = await new Promise((resolve, reject) => {
    const made = app.listen(0, '127.0.0.1', (error) => (error ? reject(error) : resolve(made)))
    made.on('error', reject)
  })
  const answer = await (await fetch(`http://127.0.0.1:${server.address().port}/ada`)).json()
  server.closeAllConnections()
  server.close()
  return answer
}
