import { createCanvas } from '@napi-rs/canvas'

/** Draws a word: without fonts it would be blank. */
export function job() {
  const canvas = createCanvas(80, 30)
  const context = canvas.getContext('2d')
  context.font = '20px sans-serif'
  context.fillText('word', 5, 22)
  const pixels = context.getImageData(0, 0, 80, 30).data
  return { drawn: pixels.some((value) => value > 128), png: canvas.toBuffer('image/png').subarray(1, 4).toString() }
}
