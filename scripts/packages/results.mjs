/**
 * Keeps the rows of earlier runs in the scratch directory, so that a part can be run again and everything still be
 * reported.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const key = (/** @type {{ name: string, runtime: string }} */ row) => `${row.name} ${row.runtime}`

/** @template {{ name: string, runtime: string }} Row */
export class Results {
  #file
  /** @type {Map<string, Row>} */
  #rows = new Map()

  /** @param {string} root @param {string} file its name */
  constructor(root, file) {
    mkdirSync(root, { recursive: true })
    this.#file = join(root, file)
    try {
      const rows = /** @type {Row[]} */ (JSON.parse(readFileSync(this.#file, 'utf8')))
      for (const row of rows) this.#rows.set(key(row), row)
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error
    }
  }

  /** @param {Row} row */
  add(row) {
    this.#rows.set(key(row), row)
    writeFileSync(this.#file, JSON.stringify([...this.#rows.values()], null, 1))
  }

  /**
   * Returns the rows in the order of the list, without packages that are no longer on it.
   * @param {readonly import('./package.d.ts').Package[]} packages
   */
  inOrder(packages) {
    return packages.flatMap(({ name }) => ['bun', 'node'].flatMap((runtime) => this.#rows.get(`${name} ${runtime}`) ?? []))
  }
}
