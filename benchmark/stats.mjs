/** Medians and quantiles. No averages are used, because one disturbed round must not change a figure. */

/** @param {number[]} values @param {number} share 0 to 1; by linear interpolation */
export function quantile(values, share) {
  if (values.length === 0) throw new RangeError('no values')
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = Math.floor(at)
  const high = Math.ceil(at)
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low)
}

/** @param {number[]} values */
export const median = (values) => quantile(values, 0.5)

/**
 * The median of every figure over the rounds.
 * @param {Array<Record<string, number>>} rounds
 */
export function medians(rounds) {
  return Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]))
}

/**
 * Compares one contestant to another, round by round: the two measurements of one round were made under the same load
 * of the machine, and those of different rounds were not.
 * @param {Array<Record<string, number>>} rounds
 * @param {Array<Record<string, number>>} against
 * @param {string} key
 */
export function ratios(rounds, against, key) {
  const both = Math.min(rounds.length, against.length)
  return Array.from({ length: both }, (_, round) => rounds[round][key] / against[round][key])
}
