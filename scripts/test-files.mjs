/** The files of JavaScript tests. */

import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

import { root } from './run.mjs'

/** All of them, as paths from the repository's root that begin with `./`. */
export const testFiles = () =>
  readdirSync(join(root, '__test__'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.mjs') && !entry.parentPath.includes('fixtures'))
    .map((entry) => `./${relative(root, join(entry.parentPath, entry.name))}`)
    .toSorted()
