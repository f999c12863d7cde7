import { request } from 'undici'

export async function job({ http }) {
  const { body } = await request(`http://localhost:${http}/json`)
  return body.json()
}
