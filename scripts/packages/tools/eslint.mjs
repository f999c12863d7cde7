import { join } from 'node:path'
import { ESLint } from 'eslint'

export async function job({ data }) {
  const eslint = new ESLint({ cwd: data, overrideConfigFile: true, overrideConfig: { rules: { 'no-unused-vars': 'error' } } })
  const results = await eslint.lintFiles([join(data, 'main.js')])
  return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId))
}
