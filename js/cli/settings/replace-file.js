import { randomUUID } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Replaces a file atomically, so that another command never reads half of it.
 * @param {string} file
 * @param {string} text
 * @param {number} mode
 */
export function replaceFile(file, text, mode) {
  const written = `${file}.${randomUUID()}`
  try {
    writeFileSync(written, text, { mode, flag: 'wx' })
    renameSync(written, file)
  } finally {
    rmSync(written, { force: true })
  }
}
