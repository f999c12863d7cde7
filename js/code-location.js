/**
 * Determines where this package's code runs from: its own files, or a bundle that it was made part of. Bundles may be
 * CommonJS, where `import.meta.url` is undefined, or what it was on the machine that made them.
 */

import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { documentation } from './documentation.js'

const OWN = '/js/code-location.js'

/** @type {string | undefined} */
const url = import.meta.url

/**
 * Whether this code is part of a bundle. webpack keeps the former URL in place, but its modules can be recognised by
 * its require function.
 */
// @ts-expect-error it is no variable, but what webpack replaces
export const isBundled = url === undefined || !url.endsWith(OWN) || typeof __webpack_require__ === 'function'

/** The file: URL of the file that runs; the program's own where it cannot be determined. @type {string} */
export const here = url ?? pathToFileURL(typeof __filename === 'string' ? __filename : (process.argv[1] ?? `${process.cwd()}/-`)).href

/** The advice when a file beside this package's own files is not found. */
export const BUNDLED =
  'toolwarden was made part of a bundle: leave it out of it (mark "toolwarden" as external) and install it where the bundle runs; ' +
  `${documentation('bundlers')} says how for each bundler`
