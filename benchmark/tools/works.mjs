/** A tool that needs the processor for some tens of milliseconds, with code that a compiler makes several times as fast. */

export function add({ a, b, note }) {
  let sum = 0
  for (let n = 0; n < 8e6; n++) sum += Math.sqrt(n ^ a)
  return sum < 0 ? undefined : { sum: a + b, note }
}
