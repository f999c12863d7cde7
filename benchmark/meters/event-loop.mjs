/** How long the event loop stands still while something happens. */

/**
 * Runs the loop as fast as it goes and gives the longest time between two turns in milliseconds. A timer would not do:
 * its own resolution is a millisecond, which is the very size of what is looked for.
 * @param {() => Promise<unknown>} work
 */
export async function longestGap(work) {
  let longest = 0
  let last = performance.now()
  let running = true
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  running = false
  return Math.max(longest, performance.now() - last)
}
