/** The repository's own files, for tests that compare what stands in two of them. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
/** What is not written by hand, or not kept. */
const NOT_OURS = new Set(['node_modules', 'target', '.git', '.toolwarden'])

/** The text of a file. @param {string} file relative to the root @returns {string} */
export const read = (file) => readFileSync(join(root, file), 'utf8')

/** Paths of all files that are ours, relative to the root. @param {string} [folder] @returns {string[]} */
export function files(folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : files(path)
    return entry.isFile() ? [path] : []
  })
}

/** Paths and texts of the files whose path matches; there is one at least. @param {RegExp} pattern @returns {Array<[string, string]>} */
read.all = (pattern) => {
  const found = files().filter((file) => pattern.test(file))
  if (found.length === 0) throw new Error(`no file matches ${pattern}`)
  return found.map((file) => [file, read(file)])
}

/** The rows of the Markdown table whose first column has this head, cells without blanks around. @param {string} text @param {string} head @returns {string[][]} */
export function tableRows(text, head) {
  const lines = text.split('\n')
  const start = lines.findIndex((line, index) => line.startsWith('|') && line.split('|')[1].trim() === head && lines[index + 1]?.startsWith('|---'))
  if (start === -1) throw new Error(`no table has the head "${head}"`)
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}
