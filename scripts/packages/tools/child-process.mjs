import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export async function job({ data }) {
  const { stdout } = await promisify(execFile)('cat', [join(data, 'a.txt')])
  return stdout
}
