/** A typical entrypoint: it checks its input with a schema from npm. */

import { z } from 'zod'

const Input = z.object({ a: z.number(), b: z.number(), note: z.string() })

export function add(input) {
  const { a, b, note } = Input.parse(input)
  return { sum: a + b, note }
}
