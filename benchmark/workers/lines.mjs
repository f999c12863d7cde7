/** Prints lines of one length, in the two ways in which tools print. */

/** The number of characters in a line, without its end. */
export const LENGTH = 50

const line = (index) => `line ${index} of many, with some text in it `.padEnd(LENGTH, '.')

/** @param {number} count */
export function printLines(count) {
  for (let i = 0; i < count; i += 1) console.log(line(i))
}

/** Prints in pieces of about 64 KiB. @param {number} count */
export function printPieces(count) {
  let piece = ''
  for (let i = 0; i < count; i += 1) {
    piece += `${line(i)}\n`
    if (piece.length < 65_536 && i < count - 1) continue
    process.stdout.write(piece)
    piece = ''
  }
}
