/** Shared by the tests of the entrypoint cache. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of the cache in a project. */
export const kept = ({ dir }) => {
  try {
    return readdirSync(join(dir, '.toolwarden')).filter((name) => name.startsWith('bundle-'))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
/** The verdict in the manifest, once it has one. */
export const verdict = (project) => {
  const manifest = kept(project).find((name) => name.endsWith('.json'))
  return manifest === undefined ? undefined : JSON.parse(readFileSync(join(project.dir, '.toolwarden', manifest), 'utf8')).verdict
}

/** A tool that tells source and bundle apart: in a bundle the namespace of a dynamic import is a plain object. */
export const PROBE = "export const from = async () => (Object.prototype.toString.call(await import('./probe.ts')) === '[object Module]' ? 'source' : 'bundle')\n"

/** Enough code to be worth a bundle. */
export const BULK = `// ${'x'.repeat(32 * 1024)}\n`
