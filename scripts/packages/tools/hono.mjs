import { Hono } from 'hono'

export async function job() {
  const app = new Hono().get('/:name', (context) => context.json({ hello: context.req.param('name') }))
  return (await app.request('/ada')).json()
}
