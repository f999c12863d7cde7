/** The same, warming its schema up: `warmup` runs in each process before its call comes. */

import { add } from './zod-ai.mjs'

export { add }

export const warmup = () => add({ a: 1, b: 2, note: '' })
