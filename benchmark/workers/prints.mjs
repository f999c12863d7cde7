/** Prints so many lines each time it is told to: `["printLines", 100000]`. */

import process from 'node:process'
import { printLines, printPieces } from './lines.mjs'

const ways = { printLines, printPieces }
process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const order of text.split('\n').filter(Boolean)) {
    const [way, count] = JSON.parse(order)
    ways[way](count)
  }
})
