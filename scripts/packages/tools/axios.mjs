import axios from 'axios'

export async function job({ http }) {
  const { data } = await axios.get(`http://localhost:${http}/json`)
  const posted = await axios.post(`http://localhost:${http}/echo`, { a: 1 })
  return [data, posted.data]
}
