/** The files that make up the page. Nothing else of the disk is served. */

import { readFileSync } from 'node:fs'

/** @type {Record<string, { type: string, file: string }>} */
const FILES = {
  '': { type: 'text/html; charset=utf-8', file: './page/index.html' },
  'style.css': { type: 'text/css; charset=utf-8', file: './page/style.css' },
  'printable.js': { type: 'text/javascript; charset=utf-8', file: '../../printable.js' },
}
for (const name of ['main', 'connection', 'dom', 'tools', 'form', 'form-fields', 'execution', 'history', 'chart', 'time-bar', 'permissions']) {
  FILES[`${name}.js`] = { type: 'text/javascript; charset=utf-8', file: `./page/${name}.js` }
}

/** @param {string} path @returns {{ type: string, content: Buffer } | undefined} */
export function pageFile(path) {
  const found = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  return found && { type: found.type, content: readFileSync(new URL(found.file, import.meta.url)) }
}
