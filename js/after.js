/** Node fires a timer of more than this at once. */
const LONGEST = 2 ** 31 - 1

/**
 * A timer of any length; what is returned stops it.
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
