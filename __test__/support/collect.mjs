import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects garbage now, on Node (started with whatever flags) and on Bun. */
export function collectGarbage() {
  if (globalThis.Bun !== undefined) return globalThis.Bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')()
}
