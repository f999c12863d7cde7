/** The same tool with a `warmup`, which prepares the schema in each process before a call comes. */

import { add } from './zod-ai.mjs'

export { add }

export const warmup = () => add({ a: 1, b: 2, note: '' })
