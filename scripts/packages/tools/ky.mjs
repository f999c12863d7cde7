import ky from 'ky'

export async function job({ http }) {
  return ky.post(`http://127.0.0.1:${http}/echo`, { json: { a: 1 }, retry: 0 }).json()
}
