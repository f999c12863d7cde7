import { globby } from 'globby'

export async function job({ data }) {
  return (await globby('**/*.txt', { cwd: data, gitignore: true })).toSorted()
}
