import { Document, Packer, Paragraph } from 'docx'
import mammoth from 'mammoth'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export async function job({ out }) {
  const path = join(out, 'a.docx')
  await writeFile(path, await Packer.toBuffer(new Document({ sections: [{ children: [new Paragraph('hello')] }] })))
  return (await mammoth.convertToHtml({ path })).value
}
