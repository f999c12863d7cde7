import { cp, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function job({ data, out }) {
  await cp(data, join(out, 'copy'), { recursive: true })
  await writeFile(join(out, 'copy/a.txt'), 'changed')
  await utimes(join(out, 'copy/a.txt'), 1, 1)
  const own = await mkdtemp(join(tmpdir(), 'own-'))
  await writeFile(join(own, 'a.txt'), 'own')
  const texts = [await readFile(join(out, 'copy/a.txt'), 'utf8'), await readFile(join(own, 'a.txt'), 'utf8')]
  await rm(join(out, 'copy'), { recursive: true })
  await rm(own, { recursive: true })
  return texts
}
