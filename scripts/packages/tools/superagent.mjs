import superagent from 'superagent'

export async function job({ http }) {
  const { body } = await superagent.post(`http://127.0.0.1:${http}/echo`).send({ a: 1 })
  return body
}
