import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { didYouMean } from '../hints.js'
import { nearest } from '../nearest.js'
import { UsageError } from './usage-error.js'

/** @param {string} dir */
function filesIn(dir) {
  try {
    return readdirSync(dir).filter((name) => /\.[cm]?[jt]sx?$/.test(name))
  } catch {
    return []
  }
}

/**
 * The entrypoint's absolute path; for a missing file, the nearest file of its folder is the hint.
 * @param {string} given
 * @param {string} cwd
 */
export function findEntrypoint(given, cwd) {
  const file = path.resolve(cwd, given)
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats?.isFile()) return file
  if (stats !== undefined) throw new UsageError(`the entrypoint ${given} is not a file`)
  const meant = nearest(path.basename(file), filesIn(path.dirname(file)))
  throw new UsageError(
    `the entrypoint ${given} does not exist`,
    meant === undefined ? undefined : didYouMean(path.join(path.dirname(given), meant)),
  )
}
