/** The context that a tool gets as its third argument. */
import { sendProgress } from './call-frames.mjs'
import { ObjectFreeze } from './primordials.mjs'

/** @typedef {import('./call.mjs').Call} Call */
/** @typedef {{ toolId: string, toolExecId: string, attempt: number, idempotencyKey: string | undefined, signal: AbortSignal, env: Readonly<Record<string, string>>, progress(value: unknown): void }} Context */

/** @param {Call} call @returns {Context} */
export function contextOf(call) {
  return ObjectFreeze({
    toolId: call.toolId,
    toolExecId: call.execId,
    attempt: call.attempt,
    idempotencyKey: call.idempotencyKey,
    env: call.env,
    get signal() {
      return call.takeSignal()
    },
    progress: (/** @type {unknown} */ value) => sendProgress(call, value),
  })
}
