import { join } from 'node:path'
import { build } from 'esbuild'

export async function job({ data }) {
  const { outputFiles } = await build({ entryPoints: [join(data, 'main.ts')], bundle: true, write: false, format: 'esm', logLevel: 'silent' })
  return outputFiles[0].text.includes('"from the other file"')
}
