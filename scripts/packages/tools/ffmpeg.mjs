import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export async function job({ data, out }) {
  const pixels = join(out, 'picture.rgb')
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-i', join(data, 'picture.png'), '-f', 'rawvideo', '-pix_fmt', 'rgb24', pixels])
  const bytes = await readFile(pixels)
  return [bytes.length, ...bytes.subarray(0, 3)]
}
