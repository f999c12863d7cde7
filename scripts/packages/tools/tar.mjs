import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tar from 'tar'

export async function job({ data, out }) {
  const file = join(out, 'a.tgz')
  await tar.create({ gzip: true, file, cwd: data }, ['.'])
  mkdirSync(join(out, 'to'), { recursive: true })
  await tar.extract({ file, cwd: join(out, 'to') })
  return readFileSync(join(out, 'to/sub/b.txt'), 'utf8')
}
