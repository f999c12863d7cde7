import { execa } from 'execa'

export async function job({ data }) {
  const { stdout } = await execa('ls', [data])
  return stdout.split('\n')
}
