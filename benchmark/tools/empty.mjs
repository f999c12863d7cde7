/** The smallest entrypoint: it shows the cost of a call whose tool and imports cost nothing. */

export function add({ a, b, note }) {
  return { sum: a + b, note }
}
