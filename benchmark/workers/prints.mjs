/** Prints the requested number of lines for each message such as `["printLines", 100000]`. */

import process from 'node:process'
import { printLines, printPieces } from './lines.mjs'

const ways = { printLines, printPieces }
process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const order of text.split('\n').filter(Boolean)) {
    const [way, count] = JSON.parse(order)
    ways[way](count)
  }
})
