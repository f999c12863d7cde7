/** Tells when the sources of tools have changed. */

import { watch } from 'node:fs'
import path from 'node:path'
import { SETTINGS_FILE } from '../settings/file.js'

/** Milliseconds without a further change: editors write a file in several steps. */
const QUIET = 100

/** @param {string | null} name */
const isSource = (name) => name !== null && (name === SETTINGS_FILE || /\.[cm]?[jt]sx?$/.test(name))

/**
 * Watches the directory and not the file, because many editors put a new file into the place of the old one.
 * @param {string} entrypoint absolute
 * @param {() => void} changed
 * @returns {() => void} ends it
 */
export function watchSources(entrypoint, changed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting
  const watcher = watch(path.dirname(entrypoint), (_event, name) => {
    if (!isSource(name)) return
    clearTimeout(waiting)
    waiting = setTimeout(changed, QUIET)
  })
  // The directory is gone, and with it what would be loaded: what is loaded stays.
  watcher.on('error', () => {})
  return () => {
    clearTimeout(waiting)
    watcher.close()
  }
}
