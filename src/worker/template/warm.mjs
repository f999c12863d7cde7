/** PING: makes the first real call as fast as later ones. */
import { startCall } from './calls.mjs'
import { discard, flush, rehearse } from './channel.mjs'
import { promiseResolve, promiseThen } from './primordials.mjs'
import { functionTool, warmup } from './tools.mjs'

const REHEARSALS = 3
const CALL_TEXT = '{"c":0,"n":"0000000000000000","t":"","x":"","a":1,"i":{"a":[1,"b"]},"g":{},"m":1}'

/** Returns its input. */
const echo = functionTool((/** @type {unknown} */ input) => input, undefined)
/** @param {number} _ @param {string} text */
const startEcho = (_, text) => startCall(text, echo)

let warmedUp = false

/**
 * Runs a call's whole path without a tool, so that it is compiled, then, once, the entrypoint's own `warmup`.
 * @param {() => void} done
 * @param {(error: unknown) => void} failed
 * @param {number} [rehearsals]
 */
export function warm(done, failed, rehearsals = REHEARSALS) {
  flush()
  for (let i = 0; i < rehearsals; i++) {
    rehearse(0, CALL_TEXT, startEcho)
    // The buffer contains only the frames of the rehearsal, which are not for the host.
    discard(0)
  }
  // An origin has run it for all that are forked from it.
  if (warmup === undefined || warmedUp) return done()
  warmedUp = true
  const complain = (/** @type {unknown} */ error) => {
    failed(error)
    done()
  }
  try {
    promiseThen(promiseResolve(warmup()), done, complain)
  } catch (error) {
    complain(error)
  }
}
