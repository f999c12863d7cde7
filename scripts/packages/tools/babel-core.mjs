import { transformAsync } from '@babel/core'

export async function job({ data }) {
  const { code } = await transformAsync('const a = b ?? 1', { cwd: data, filename: 'a.js', plugins: [import.meta.resolve('@babel/plugin-transform-nullish-coalescing-operator').replace('file://', '')] })
  return code.includes('??')
}
