import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import lockfile from 'proper-lockfile'

export async function job({ out }) {
  const file = join(out, 'a.txt')
  writeFileSync(file, 'hello')
  const release = await lockfile.lock(file)
  const held = await lockfile.check(file)
  await release()
  return [held, await lockfile.check(file)]
}
