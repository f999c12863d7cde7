import { transform } from '@swc/core'

export async function job() {
  const { code } = await transform('const a: number = 1 as number', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, swcrc: false, configFile: false })
  return code.trim()
}
