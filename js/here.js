/**
 * Where this package's code runs from: its own files, or the file of a bundler that it was made part of. Bundles are CommonJS too,
 * where `import.meta.url` is nothing, or what it was on the machine that made them.
 */

import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { documentation } from './documentation.js'

const OWN = '/js/here.js'

/** @type {string | undefined} */
const url = import.meta.url

/** Whether it is no file of its own any more. webpack leaves the former URL in place, but its modules can ask for it. */
// @ts-expect-error it is no variable, but what webpack replaces
export const isBundled = url === undefined || !url.endsWith(OWN) || typeof __webpack_require__ === 'function'

/** file: URL of the file that runs; the program's own where nothing says it. @type {string} */
export const here = url ?? pathToFileURL(typeof __filename === 'string' ? __filename : (process.argv[1] ?? `${process.cwd()}/-`)).href

/** What to do where something is not found that lies beside this package's own files. */
export const BUNDLED =
  'toolwarden was made part of a bundle: leave it out of it (mark "toolwarden" as external) and install it where the bundle runs; ' +
  `${documentation('bundlers')} says how for each bundler`
