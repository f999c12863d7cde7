/**
 * Records missing environment variables that a tool reads. The host names those that it has itself in the hint of a
 * failure, because to a tool a variable that it was not given does not exist, and its error is then about something
 * else. Only names are recorded, never values.
 *
 * A listening object is the prototype of process.env, so reading an existing variable costs nothing extra, and
 * process.env and Bun.env stay the same objects. Reads of a copy are not noticed.
 */
import { begin, finish, putAscii, putText, putU32 } from './channel.mjs'
import { hostVariable } from './learned-variables.mjs'
import { environment, includes, isBun, join, listenerOf, objectCreate, ObjectPrototype, prototypeOf, push, reflectGet, reflectHas, reflectSet, setPrototypeOf } from './primordials.mjs'
import { LONGEST_NAME, MISSED, MOST_NAMES } from './protocol.mjs'

const NO_NONCE = '0000000000000000'

/** @typedef {{ names: string[], known: Record<string, true> }} Missed */

/** @returns {Missed} */
export const newMissed = () => ({ names: [], known: /** @type {any} */ ({ __proto__: null }) })

/** For reads outside of calls and during the import, because modules keep what they read then. */
const common = newMissed()
/** The call that is reading. Set by current-call.mjs. @type {() => { missed: Missed | undefined } | undefined} */
let readingCall = () => undefined
/** @param {() => { missed: Missed | undefined } | undefined} attribute */
export function attributeReads(attribute) {
  readingCall = attribute
}

/** @param {string | symbol} name */
function note(name) {
  if (typeof name !== 'string' || name.length > LONGEST_NAME || includes(name, '\n') || reflectHas(ObjectPrototype, name)) return
  const call = readingCall()
  const missed = call === undefined ? common : (call.missed ??= newMissed())
  if (missed.names.length >= MOST_NAMES || missed.known[name]) return
  missed.known[name] = true
  push(missed.names, name)
}

/**
 * Node's process.env has a prototype of its own already; Bun's gets one of the same kind, so that both look like plain
 * objects.
 */
export function listenToReads() {
  const before = prototypeOf(environment)
  const base = before === ObjectPrototype ? objectCreate(ObjectPrototype, { constructor: { value: Object, writable: true, configurable: true } }) : before
  const traps = {
    __proto__: null,
    get: (/** @type {object} */ target, /** @type {string | symbol} */ name, /** @type {object} */ receiver) => {
      const value = hostVariable(name, readingCall())
      if (value !== undefined) return value
      note(name)
      return reflectGet(target, name, receiver)
    },
    has: (/** @type {object} */ target, /** @type {string | symbol} */ name) => {
      if (hostVariable(name, readingCall()) !== undefined) return true
      note(name)
      return reflectHas(target, name)
    },
  }
  const listener = listenerOf(base, isBun ? { ...traps, set: setBehind(before, () => listener) } : traps)
  setPrototypeOf(environment, listener)
}

/**
 * When Bun sets a new variable it asks the prototype in an endless loop, so the prototype is removed meanwhile.
 * @param {object} before
 * @param {() => object} listener
 */
const setBehind = (before, listener) => (/** @type {object} */ target, /** @type {string | symbol} */ name, /** @type {unknown} */ value, /** @type {object} */ receiver) => {
  if (receiver !== environment) return reflectSet(target, name, value, receiver)
  setPrototypeOf(environment, before)
  try {
    return reflectSet(environment, name, value)
  } finally {
    setPrototypeOf(environment, listener())
  }
}

/**
 * Sent to the host before the failure itself.
 * @param {{ number: number, nonce: string, missed: Missed | undefined } | undefined} call none: the import failed
 */
export function sendMissed(call) {
  const own = call?.missed?.names ?? []
  if (own.length + common.names.length === 0) return
  const start = begin(MISSED)
  putU32(call === undefined ? 0 : call.number)
  putAscii(call === undefined ? NO_NONCE : call.nonce)
  putText(join(own.length === 0 ? common.names : common.names.length === 0 ? own : [join(own, '\n'), join(common.names, '\n')], '\n'))
  finish(start)
}
