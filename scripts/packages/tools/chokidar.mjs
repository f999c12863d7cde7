import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { watch } from 'chokidar'

export async function job({ out }) {
  const watcher = watch(out, { ignoreInitial: true })
  await once(watcher, 'ready')
  const added = once(watcher, 'add')
  writeFileSync(join(out, 'a.txt'), 'a')
  const [path] = await added
  await watcher.close()
  return path.slice(out.length)
}
