/** The tools of the demo: each export is one. */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Order = z.object({
  customer: z.string().min(1),
  items: z.array(z.object({ name: z.string(), price: z.number().positive(), count: z.number().int().default(1) })).min(1),
})

/** Checks an order with zod, a package from npm, and adds it up. */
export function orderTotal(input: unknown) {
  const { customer, items } = Order.parse(input)
  const total = items.reduce((sum, { price, count }) => sum + price * count, 0)
  return { customer, total: Math.round(total * 100) / 100 }
}

/** Reads a file of the project; reading is what the default permissions allow. */
export async function wordCount({ file }: { file: string }) {
  const text = await readFile(file, 'utf8')
  console.log(`${file} has ${text.length} characters`)
  return { file, words: text.split(/\s+/).filter(Boolean).length }
}

class PaymentError extends Error {
  override name = 'PaymentError'
  code = 'CARD_DECLINED'
}

/** Fails; the caller gets the error as it was thrown. */
export function charge({ amount }: { amount: number }) {
  throw new PaymentError(`the card was declined for ${amount} EUR`)
}

/** Does not come back in time, and does not even let go of its thread. */
export function tooSlow() {
  for (;;);
}
