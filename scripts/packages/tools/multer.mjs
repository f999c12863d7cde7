import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import express from 'express'
import multer from 'multer'

/** An upload to a server of its own, stored in the temporary directory. */
export async function job() {
  const app = express()
  app.post('/upload', multer({ dest: tmpdir() }).single('file'), (request, response) => {
    response.json({ size: request.file.size, text: readFileSync(request.file.path, 'utf8') })
  })
  app.use((error, request, response, next) => response.status(500).json({ code: error.code, message: error.message, path: error.path, syscall: error.syscall, next: typeof next }))
  const server = await new Promise((resolve, reject) => {
    const made = app.listen(0, '127.0.0.1', (error) => (error ? reject(error) : resolve(made)))
    made.on('error', reject)
  })
  const form = new FormData()
  form.set('file', new Blob(['hello']), 'a.txt')
  const response = await fetch(`http://127.0.0.1:${server.address().port}/upload`, { method: 'POST', body: form })
  const answer = await response.json()
  server.close()
  if (!response.ok) throw Object.assign(new Error(answer.message), answer)
  return answer
}
