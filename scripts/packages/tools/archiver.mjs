import { once } from 'node:events'
import { createWriteStream, statSync } from 'node:fs'
import { join } from 'node:path'
import * as archiver from 'archiver'

export async function job({ data, out }) {
  const archive = archiver.ZipArchive ? new archiver.ZipArchive() : archiver.default('zip')
  const file = createWriteStream(join(out, 'a.zip'))
  const closed = once(file, 'close')
  const failed = once(archive, 'error').then(([error]) => Promise.reject(error))
  archive.pipe(file)
  archive.directory(data, false)
  await Promise.race([archive.finalize(), failed])
  await Promise.race([closed, failed])
  return statSync(join(out, 'a.zip')).size > 100
}
