/** Lines of one length, printed in the two ways tools print. */

/** Characters of a line, its end not counted. */
export const LENGTH = 50

const line = (index) => `line ${index} of many, with some text in it `.padEnd(LENGTH, '.')

/** @param {number} count */
export function printLines(count) {
  for (let i = 0; i < count; i += 1) console.log(line(i))
}

/** In pieces of some 64 KiB. @param {number} count */
export function printPieces(count) {
  let piece = ''
  for (let i = 0; i < count; i += 1) {
    piece += `${line(i)}\n`
    if (piece.length < 65_536 && i < count - 1) continue
    process.stdout.write(piece)
    piece = ''
  }
}
