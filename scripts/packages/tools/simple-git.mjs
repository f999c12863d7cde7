import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'

export async function job({ out }) {
  await writeFile(join(out, 'a.txt'), 'a')
  const git = simpleGit(out, { config: ['user.name=tool', 'user.email=tool@example.com', 'init.defaultBranch=main'] })
  // Git ends where the settings in the home directory are there and cannot be read.
  git.env({ PATH: process.env.PATH, HOME: out })
  await git.init()
  await git.add('a.txt')
  await git.commit('first')
  const { total, latest } = await git.log()
  return [total, latest.message, latest.author_name]
}
