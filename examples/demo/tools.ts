/** The tools of the demo: each export is one. */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const Order = z.object({
  customer: z.string().min(1),
  items: z.array(z.object({ name: z.string(), price: z.number().positive(), count: z.number().int().default(1) })).min(1),
})

/** Adds an order up. Its schema is checked before it is called: what does not fit is named issue by issue. */
export const orderTotal = {
  description: 'Adds up an order',
  inputSchema: Order,
  execute({ customer, items }: z.infer<typeof Order>) {
    const total = items.reduce((sum, { price, count }) => sum + price * count, 0)
    return { customer, total: Math.round(total * 100) / 100 }
  },
}

/** Reads a file of the project; that is all the flags of this demo allow. */
export async function wordCount({ file }: { file: string }) {
  const text = await readFile(file, 'utf8')
  console.log(`${file} has ${text.length} characters`)
  return { file, words: text.split(/\s+/).filter(Boolean).length }
}

/** Reads what the flags do not allow: the sandbox refuses it, whatever the code tries. */
export async function hostSecrets() {
  return readFile('/etc/passwd', 'utf8')
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
