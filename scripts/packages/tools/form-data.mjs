import { createReadStream } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import FormData from 'form-data'

export async function job({ data, http }) {
  const form = new FormData()
  form.append('file', createReadStream(join(data, 'a.txt')))
  return new Promise((resolve, reject) => {
    form.on('error', reject)
    const asked = request({ host: '127.0.0.1', port: http, path: '/length', method: 'POST', headers: form.getHeaders() }, async (response) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      resolve(JSON.parse(text).bytes > 100)
    })
    asked.on('error', reject)
    form.pipe(asked)
  })
}
