import glob from 'fast-glob'

export async function job({ data }) {
  return (await glob('**/*.txt', { cwd: data })).toSorted()
}
