import fetch from 'node-fetch'

export async function job({ http }) {
  const response = await fetch(`http://localhost:${http}/json`)
  return response.json()
}
