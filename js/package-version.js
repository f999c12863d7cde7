import { readFileSync } from 'node:fs'
import { here, isBundled } from './code-location.js'

/** The version of this package; a bundle has no package.json beside it. @returns {string} */
export const packageVersion = () => (isBundled ? 'bundled' : JSON.parse(readFileSync(new URL('../package.json', here), 'utf8')).version)
