import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import PDFDocument from 'pdfkit'

export async function job({ out }) {
  const file = createWriteStream(join(out, 'a.pdf'))
  const pdf = new PDFDocument()
  pdf.pipe(file)
  pdf.fontSize(20).text('hello')
  pdf.end()
  await once(file, 'finish')
  return readFileSync(join(out, 'a.pdf'), 'latin1').slice(0, 5)
}
