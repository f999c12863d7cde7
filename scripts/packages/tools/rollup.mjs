import { join } from 'node:path'
import { rollup } from 'rollup'

export async function job({ data }) {
  const bundle = await rollup({ input: join(data, 'main.mjs'), logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'es' })
  await bundle.close()
  return output[0].code.includes('from the other file')
}
