/** Writes the files of a new project: either all or none, and never over an existing file. */

import { lstatSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { EMPTY_DIRECTORY } from '../hints.js'
import { UsageError } from '../usage-error.js'

/**
 * The names that must not exist yet in the directory: those of the files, and of the directories that contain them.
 * @param {ReadonlyArray<readonly [string, string]>} files
 */
const namesOf = (files) => [...new Set(files.map(([name]) => /** @type {string} */ (name.split('/')[0])))]

/** @param {string[]} names */
const exist = (names) => new UsageError(`${names.join(', ')} ${names.length === 1 ? 'exists' : 'exist'} already`, EMPTY_DIRECTORY)

/**
 * @param {string} dir
 * @param {ReadonlyArray<readonly [string, string]>} files name, with one directory at most, and content
 */
export function writeFiles(dir, files) {
  // A symbolic link without a target counts as existing too, because writing would follow it.
  const there = namesOf(files).filter((name) => lstatSync(path.join(dir, name), { throwIfNoEntry: false }) !== undefined)
  if (there.length > 0) throw exist(there)
  /** @type {Array<() => void>} */
  const undo = []
  let current = ''
  try {
    for (const [name, content] of files) {
      current = name
      const file = path.join(dir, name)
      if (name.includes('/')) {
        const parent = path.dirname(file)
        mkdirSync(parent)
        undo.unshift(() => rmdirSync(parent))
      }
      writeFileSync(file, content, { flag: 'wx' })
      undo.unshift(() => rmSync(file))
    }
  } catch (error) {
    for (const remove of undo) remove()
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw code === 'EEXIST' ? exist([current]) : new UsageError(`${current} cannot be written: ${code}`)
  }
}
