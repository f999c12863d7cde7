import { join } from 'node:path'
import { Jimp } from 'jimp'

export async function job({ data, out }) {
  const picture = await Jimp.read(join(data, 'picture.png'))
  await picture.resize({ w: 8, h: 4 }).write(join(out, 'small.png'))
  const { width, height } = await Jimp.read(join(out, 'small.png'))
  return { width, height }
}
