import { join } from 'node:path'
import sharp from 'sharp'

/** Makes a picture smaller, and draws a word: without fonts it would be blank. */
export async function job({ data, out }) {
  const { width, height, format } = await sharp(join(data, 'picture.png')).resize(8, 4).toFile(join(out, 'small.png'))
  const word = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="30"><text x="5" y="22" font-size="20">word</text></svg>'
  const pixels = await sharp(Buffer.from(word)).extractChannel('alpha').raw().toBuffer()
  return { width, height, format, drawn: pixels.some((alpha) => alpha > 128) }
}
