/** The flag that would have allowed what a call failed for. */

/**
 * Taken from the denial, not from the hint's text: cut out of a path with a blank it would be another, wider flag.
 * @param {any} error
 * @returns {import('../../index.d.ts').Denial | undefined} undefined where no flag would help
 */
export function deniedBy(error) {
  if (error?.code !== 'ERR_ACCESS_DENIED') return undefined
  const denial = error.denials.findLast(
    (/** @type {import('../../index.d.ts').Denial} */ one) => one.permission === error.permission && one.resource === error.resource,
  )
  return denial?.flag ? denial : undefined
}
