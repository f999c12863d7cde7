import { glob } from 'glob'

export async function job({ data }) {
  return (await glob('**/*.txt', { cwd: data })).toSorted()
}
