import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import AdmZip from 'adm-zip'

export function job({ data, out }) {
  const zip = new AdmZip()
  zip.addLocalFile(join(data, 'a.txt'))
  zip.writeZip(join(out, 'a.zip'))
  new AdmZip(join(out, 'a.zip')).extractAllTo(join(out, 'to'), true)
  return readFileSync(join(out, 'to/a.txt'), 'utf8')
}
