/** The smallest entrypoint: what a call costs when the tool and its imports cost nothing. */

export function add({ a, b, note }) {
  return { sum: a + b, note }
}
