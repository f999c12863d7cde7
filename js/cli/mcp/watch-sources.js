/** Calls a function when the sources of tools have changed. */

import { watch } from 'node:fs'
import path from 'node:path'
import { SETTINGS_FILE } from '../settings/name.js'

/** A change is reported after this many milliseconds without a further one, because editors write a file in several steps. */
const QUIET = 100

/** @param {string | null} name */
const isSource = (name) => name !== null && (name === SETTINGS_FILE || /\.[cm]?[jt]sx?$/.test(name))

/**
 * Watches the directory and not the file, because many editors replace the old file by a new one.
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
  // The directory was removed with the sources in it, so there is nothing to load: the present version stays.
  watcher.on('error', () => {})
  return () => {
    clearTimeout(waiting)
    watcher.close()
  }
}
