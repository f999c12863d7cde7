/** What tests of the entrypoint cache look at. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the cache keeps in a project. */
export const kept = ({ dir }) => {
  try {
    return readdirSync(join(dir, '.toolwarden')).filter((name) => name.startsWith('bundle-'))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
export const verdict = (project) => {
  const manifest = kept(project).find((name) => name.endsWith('.json'))
  return manifest === undefined ? undefined : JSON.parse(readFileSync(join(project.dir, '.toolwarden', manifest), 'utf8')).verdict
}

/** The one thing a tool of these fixtures can tell them apart by: the namespace of a dynamic import is a plain object in a bundle. */
export const PROBE = "export const from = async () => (Object.prototype.toString.call(await import('./probe.ts')) === '[object Module]' ? 'source' : 'bundle')\n"

/** Less code than this is not worth a bundle. */
export const BULK = `// ${'x'.repeat(32 * 1024)}\n`
