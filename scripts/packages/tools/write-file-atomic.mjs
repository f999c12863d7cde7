import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'

export async function job({ out }) {
  await writeFileAtomic(join(out, 'a.txt'), 'hello', { mode: 0o644 })
  return readFileSync(join(out, 'a.txt'), 'utf8')
}
