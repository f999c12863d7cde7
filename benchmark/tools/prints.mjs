export { add } from './empty.mjs'
export { printLines, printPieces } from '../workers/lines.mjs'
