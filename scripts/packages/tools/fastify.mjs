import fastify from 'fastify'

export async function job() {
  const app = fastify()
  app.get('/:name', ({ params }) => ({ hello: params.name }))
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = await (await fetch(`${address}/ada`)).json()
  app.server.closeAllConnections()
  await app.close()
  return answer
}
