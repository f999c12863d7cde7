import { z } from 'zod'

export function job() {
  const schema = z.object({ name: z.string(), age: z.coerce.number().int() })
  return [schema.parse({ name: 'Ada', age: '36' }), schema.safeParse({ name: 1 }).success]
}
