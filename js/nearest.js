/** The number of letters to change, add or drop to turn one word into the other. @param {string} a @param {string} b */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = /** @type {number} */ (row[j - 1]) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(changed, /** @type {number} */ (row[j]) + 1, /** @type {number} */ (next[j - 1]) + 1)
    }
    row = next
  }
  return /** @type {number} */ (row[b.length])
}

/**
 * The known word that was probably meant; undefined when none is close.
 * @param {string} word
 * @param {readonly string[]} known
 */
export function nearest(word, known) {
  // The work grows with the length, and nothing that long is a misspelt name.
  if (word.length > 64) return undefined
  const lower = word.toLowerCase()
  let best
  let far = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const name of known) {
    const found = distance(lower, name.toLowerCase())
    if (found < far) [best, far] = [name, found]
  }
  return best
}
