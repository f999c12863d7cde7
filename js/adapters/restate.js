/**
 * A manager's tools as a service of Restate, on `@restatedev/restate-sdk` (Node 22 or newer).
 * The decisions behind it: docs/decisions.md#engines.
 */

import { RetryableError, service, TerminalError } from '@restatedev/restate-sdk'
import { AWAITS } from '../awaits.js'
import { FINAL_CODES, isFinal, isOurs, messageOf, ONCE_ENTERED, retryAfterOf } from './engines/failures.js'
import { givenFor } from './engines/given-for.js'
import { handlerNames } from './restate/handler-names.js'
import { selectTools } from './select-tools.js'

export { FINAL_CODES }

/** The HTTP statuses that Restate passes on to the caller: one for a refused call, one for a failed tool. */
const REFUSED = 400
const FAILED = 500

/**
 * @param {import('./manager-like.d.ts').EngineManager} manager
 * @param {import('./restate.d.ts').ToolServiceOptions} [options]
 * @returns {Promise<any>}
 */
export async function toolService(manager, options = {}) {
  const { name = 'tools', tools, config, env, timeout, retry = {}, final = FINAL_CODES } = options
  const found = await selectTools(manager, tools)

  /** @param {string} tool */
  const handler = (tool) => (/** @type {import('@restatedev/restate-sdk').Context} */ ctx, /** @type {any} */ input) => {
    const request = ctx.request()
    const call = async () => {
      try {
        return await manager.executeTool(tool, input, {
          [AWAITS]: true,
          toolExecId: request.id,
          idempotencyKey: request.id,
          config: givenFor(config, request),
          env: givenFor(env, request),
          timeout: givenFor(timeout, request),
          retry: ONCE_ENTERED,
          signal: request.attemptCompletedSignal,
        })
      } catch (error) {
        throw failureOf(error, final)
      }
    }
    // Restate keeps the result in its journal, so that a replayed handler does not run the tool again.
    return ctx.run(tool, call, retry)
  }

  const handlers = Object.fromEntries([...handlerNames(found.map(({ id }) => id))].map(([handlerName, id]) => [handlerName, handler(id)]))
  return service({ name, handlers })
}

/** @param {unknown} error @param {ReadonlySet<string>} final */
function failureOf(error, final) {
  if (!isOurs(error)) return error
  if (isFinal(error, final)) {
    const metadata = { code: error.code, ...(error.hint === undefined ? {} : { hint: error.hint }) }
    return new TerminalError(messageOf(error), { errorCode: error.fault === 'call' ? REFUSED : FAILED, metadata })
  }
  const retryAfter = retryAfterOf(error)
  const cause = new Error(messageOf(error), { cause: error })
  return RetryableError.from(cause, retryAfter === undefined ? {} : { retryAfter })
}
