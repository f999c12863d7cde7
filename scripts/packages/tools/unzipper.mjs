import { join } from 'node:path'
import unzipper from 'unzipper'

export async function job({ data }) {
  const { files } = await unzipper.Open.file(join(data, 'a.zip'))
  return [files.map((file) => file.path), (await files[0].buffer()).toString()]
}
