import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import QRCode from 'qrcode'

export async function job({ out }) {
  await QRCode.toFile(join(out, 'a.png'), 'hello')
  return readFileSync(join(out, 'a.png')).subarray(1, 4).toString()
}
