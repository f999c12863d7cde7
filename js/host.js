/** The facts about the host application that the core receives. */

import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { here } from './code-location.js'

/** Folders in which the host's `bun` package is searched, nearest to the application first. */
export function hostDirs() {
  const main = process.argv[1]
  const dirs = [process.cwd(), path.dirname(fileURLToPath(here))]
  if (typeof main === 'string' && path.isAbsolute(main)) dirs.unshift(path.dirname(main))
  return [...new Set(dirs)]
}

/** The host's environment at this moment; the core decides which part of it a tool may see. */
export function hostEnv() {
  return { path: process.env.PATH ?? '', env: { ...process.env } }
}

/** The host's own executable, where it is Node: with `runtimeType: "node"` it runs the tools if PATH has none. */
export const hostNode = () => (process.versions.bun === undefined ? process.execPath : null)
