import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'

export async function job({ data }) {
  const pdf = await getDocument({ data: new Uint8Array(await readFile(join(data, 'letter.pdf'))), useSystemFonts: false }).promise
  const text = await (await pdf.getPage(1)).getTextContent()
  return { pages: pdf.numPages, text: text.items.map((item) => item.str).join('') }
}
