import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PDFDocument, StandardFonts } from 'pdf-lib'

export async function job({ out }) {
  const pdf = await PDFDocument.create()
  pdf.addPage([200, 100]).drawText('hello', { font: await pdf.embedFont(StandardFonts.Helvetica), size: 20 })
  await writeFile(join(out, 'a.pdf'), await pdf.save())
  return (await PDFDocument.load(await readFile(join(out, 'a.pdf')))).getPage(0).getSize()
}
