export async function job({ http }) {
  const response = await fetch(`http://127.0.0.1:${http}/redirect`)
  return response.json()
}
