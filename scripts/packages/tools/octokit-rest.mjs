import { Octokit } from '@octokit/rest'

export async function job({ http }) {
  const octokit = new Octokit({ baseUrl: `http://127.0.0.1:${http}`, log: { debug() {}, info() {}, warn() {}, error() {} } })
  const { data } = await octokit.rest.repos.get({ owner: 'a', repo: 'b' })
  return data.full_name
}
