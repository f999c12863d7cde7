import { readFileSync, writeFileSync } from 'node:fs'
import tmp from 'tmp'

export function job() {
  const file = tmp.fileSync({ postfix: '.txt' })
  writeFileSync(file.name, 'hello')
  const text = readFileSync(file.name, 'utf8')
  file.removeCallback()
  const directory = tmp.dirSync({ unsafeCleanup: true })
  writeFileSync(`${directory.name}/a.txt`, 'a')
  directory.removeCallback()
  return text
}
