import got from 'got'

export async function job({ http }) {
  return got(`http://127.0.0.1:${http}/json`, { retry: { limit: 0 } }).json()
}
