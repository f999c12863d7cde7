import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as prettier from 'prettier'

export async function job({ data }) {
  const filepath = join(data, 'main.js')
  const options = await prettier.resolveConfig(filepath)
  return prettier.format(await readFile(filepath, 'utf8'), { ...options, filepath })
}
