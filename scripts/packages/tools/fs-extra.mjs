import { join } from 'node:path'
import fs from 'fs-extra'

export async function job({ data, out }) {
  await fs.copy(data, join(out, 'copy'))
  await fs.outputJson(join(out, 'deep/er/a.json'), { a: 1 })
  await fs.move(join(out, 'copy/sub/b.txt'), join(out, 'moved.txt'))
  await fs.remove(join(out, 'copy'))
  return [await fs.readJson(join(out, 'deep/er/a.json')), await fs.readFile(join(out, 'moved.txt'), 'utf8'), await fs.pathExists(join(out, 'copy'))]
}
