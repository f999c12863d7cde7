import { printable } from '../printable.js'

/** No more of them are named. */
const NAMED = 3

/**
 * A warning that everything may be read and that this includes secrets beside the tools; null where it does not. The
 * history of a checkout alone is no reason for one.
 * @param {import('../../index.d.ts').Enforcement} enforcement
 */
export function secretsBeside({ permissions, secrets }) {
  const found = secrets.filter((path) => !path.endsWith('/.git'))
  if (found.length === 0 || !permissions.includes('--allow-read')) return null
  const names = found.slice(0, NAMED).map(printable).join(', ')
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : ''
  return `--allow-read without a list includes secrets: ${names}${more}; list what the tools need, or give no --allow-read`
}
