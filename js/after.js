/** The longest delay that setTimeout accepts; it fires a longer one at once. */
const LONGEST = 2 ** 31 - 1

/**
 * Starts a timer of any length and returns a function that stops it.
 * @param {number} milliseconds @param {() => void} action
 */
export function afterMilliseconds(milliseconds, action) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer
  /** @param {number} left */
  const wait = (left) => {
    timer = setTimeout(() => (left > LONGEST ? wait(left - LONGEST) : action()), Math.min(left, LONGEST))
  }
  wait(milliseconds)
  return () => clearTimeout(timer)
}
