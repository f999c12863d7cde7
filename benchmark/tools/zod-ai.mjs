/** A heavy entrypoint: a schema and a model library. */

import { tool } from 'ai'
import { z } from 'zod'

const adder = tool({
  description: 'Adds two numbers',
  inputSchema: z.object({ a: z.number(), b: z.number(), note: z.string() }),
  execute: ({ a, b, note }) => ({ sum: a + b, note }),
})

export function add(input) {
  return adder.execute(adder.inputSchema.parse(input), { toolCallId: 'benchmark', messages: [] })
}
