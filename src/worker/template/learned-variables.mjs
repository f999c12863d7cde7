/**
 * The host's variables while a manager learns which of them tools read. They are not in process.env, so that everything that
 * copies it has what it will have later; its prototype answers for them (variables.mjs), and the host is told of each name
 * that is read, once for each call.
 */
import { begin, finish, flushSoon, putText } from './channel.mjs'
import { environment, hasOwn, jsonParse } from './primordials.mjs'
import { LEARN_VARIABLE, READS } from './protocol.mjs'

/** @type {Record<string, string> | undefined} */
const hostVariables = takeVariables()
/** The names that were told of during the call that is reading. @type {Record<string, true>} */
let told = newTold()
/** @type {unknown} */
let toldOf

/** @returns {Record<string, true>} */
function newTold() {
  return /** @type {any} */ ({ __proto__: null })
}

function takeVariables() {
  if (!hasOwn(environment, LEARN_VARIABLE)) return undefined
  const text = /** @type {string} */ (environment[LEARN_VARIABLE])
  delete environment[LEARN_VARIABLE]
  return jsonParse(text)
}

/**
 * The value of a host's variable that process.env does not have; undefined where there is none, or nothing is learnt.
 * @param {string | symbol} name
 * @param {unknown} call the one that reads it
 */
export function hostVariable(name, call) {
  if (hostVariables === undefined || typeof name !== 'string' || !hasOwn(hostVariables, name)) return undefined
  if (call !== toldOf) {
    told = newTold()
    toldOf = call
  }
  if (!told[name]) {
    told[name] = true
    const start = begin(READS)
    putText(name)
    finish(start)
    flushSoon()
  }
  return hostVariables[name]
}
