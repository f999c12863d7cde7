import { readFileSync } from 'node:fs'

/** The version of this package. @returns {string} */
export const packageVersion = () => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
