import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Document, Packer, Paragraph } from 'docx'

export async function job({ out }) {
  const bytes = await Packer.toBuffer(new Document({ sections: [{ children: [new Paragraph('hello')] }] }))
  await writeFile(join(out, 'a.docx'), bytes)
  return bytes.subarray(0, 2).toString()
}
