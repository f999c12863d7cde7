/**
 * An origin: a process that has imported the entrypoint and gives children of itself. Native code of the addon forks
 * it, and returns in a child, which goes on from there as a process of its own. What children must not share with each
 * other is replaced here or in that code (src/spawn/origin/in_child.rs).
 */
import { importTimers } from './entrypoint.mjs'
import { bun, clearTimer, collectGarbage, defineProperty, environment, exit, hasOwn, indexOf, jsonStringify, laterBuiltin, ObjectKeys, ownProperty, PromiseOf, push, setTimer, slice, split, startsWith } from './primordials.mjs'
import { sharedMemory } from './memory.mjs'
import { closeRing, reopenRing } from './ring.mjs'
import { ORIGIN_OPTIONS, ORIGIN_VARIABLE } from './protocol.mjs'

/** Milliseconds until the runtime has done what it puts off until it is idle. */
const SETTLING = 60
/** Bun keeps up to 2048 random bytes in reserve, and gives them out in pieces of up to 256. */
const RESERVES = 9
const RESERVE = 256
/** How often an origin does what a child does first. */
const REPEATS = 3

/**
 * What an origin uses after the entrypoint was imported, as it was before.
 * @typedef {object} Origin
 * @property {{ serveForks(memory: Uint8Array): string[], ownPid(): number, copyAhead(): void, residentBytesOfFork(): number }} addon
 * @property {number} timer the number of a timer that was made before the import
 * @property {boolean} timers whether the entrypoint made timers
 * @property {PropertyDescriptor} pid
 * @property {(bytes: Uint8Array) => void} getRandomValues
 * @property {(seed: number) => void} setRandomSeed
 * @property {Uint8Array} drained
 * @property {Uint32Array} seed
 * @property {() => { heapSize: number, heapCapacity: number, extraMemorySize: number }} heapStats
 */

/** Of a process that the host started to become an origin; undefined in others. @returns {Origin | undefined} */
export function openOrigin() {
  if (bun === null || !hasOwn(environment, ORIGIN_VARIABLE)) return undefined
  const module = { exports: /** @type {any} */ ({}) }
  process.dlopen(module, /** @type {string} */ (environment[ORIGIN_VARIABLE]))
  delete environment[ORIGIN_VARIABLE]
  const options = split(ORIGIN_OPTIONS, ' ')
  for (let i = 0; i < options.length; i++) delete environment[slice(options[i], 0, indexOf(options[i], '='))]
  // Frames come through the channel until there is a child with memory of its own.
  sharedMemory()
  closeRing()
  const { setRandomSeed, heapStats } = /** @type {any} */ (process.getBuiltinModule)('bun:jsc')
  return {
    addon: module.exports,
    timer: timerNumber(),
    timers: false,
    pid: ownProperty(process, 'pid') ?? { writable: true, enumerable: true, configurable: true },
    getRandomValues: crypto.getRandomValues.bind(crypto),
    setRandomSeed,
    drained: new Uint8Array(RESERVE),
    seed: new Uint32Array(1),
    heapStats,
  }
}

/** The number of the next timer. */
function timerNumber() {
  const timer = setTimer(() => {}, 0)
  clearTimer(timer)
  return +timer
}

/** What READY says of an origin: the files that it has loaded, and why it had better not be forked. @param {Origin} origin */
export function reportOf(origin) {
  const loaded = ObjectKeys(/** @type {any} */ (laterBuiltin('module')).createRequire('/').cache)
  /** @type {string[]} */
  const files = []
  for (let i = 0; i < loaded.length; i++) if (startsWith(loaded[i], '/')) push(files, loaded[i])
  return jsonStringify({ files, objection: origin.timers ? 'it sets timers while it is imported, which would be due at once in every process' : undefined })
}

/** Waits until the runtime has nothing to do: what it owes when it is forked, each child would do first. @param {Origin} origin */
export async function settle(origin) {
  // Counted first: this sets a timer, too.
  origin.timers = timerNumber() - origin.timer - 1 > importTimers()
  collectGarbage()
  await new PromiseOf((/** @type {(value: undefined) => void} */ done) => setTimer(() => done(undefined), SETTLING))
}

/**
 * Serves the host; returns in a child, once the host lets it run. What a child does first is done here before as well, so
 * that it is compiled, and the memory that it changes is changed, once for all children.
 * @param {Origin} origin
 * @param {(what: string, error: unknown) => void} complain
 */
export function becomeChild(origin, complain) {
  const { addon } = origin
  const directories = variablesByDirectory()
  replaceMemoryUsage(origin)
  for (let i = 0; i < REPEATS; i++) {
    beNew(origin, directories, '')
    addon.copyAhead()
  }
  const served = addon.serveForks(/** @type {Uint8Array} */ (sharedMemory()))
  if (served[0] === 'failed') complain('no process can be forked', served[1])
  if (served[0] !== 'child') exit(served[0] === 'closed' ? 0 : 1)
  beNew(origin, directories, served[1])
  reopenRing()
}

/**
 * Replaces what a process must not share with others of its origin.
 * @param {Origin} origin
 * @param {Record<string, string[]>} directories
 * @param {string} directory its own temporary one
 */
function beNew({ addon, drained, seed, pid, getRandomValues, setRandomSeed }, directories, directory) {
  for (let i = 0; i < RESERVES; i++) getRandomValues(drained)
  getRandomValues(seed)
  setRandomSeed(seed[0])
  defineProperty(process, 'pid', { ...pid, value: addon.ownPid() })
  // It lies in its origin's, which some variables name.
  const names = directories[slice(directory, 0, directory.lastIndexOf('/'))]
  if (names !== undefined) for (let i = 0; i < names.length; i++) environment[names[i]] = directory
}

/** The names of the variables with this value, for values that are paths. @returns {Record<string, string[]>} */
function variablesByDirectory() {
  /** @type {Record<string, string[]>} */
  const found = { __proto__: null }
  const names = ObjectKeys(environment)
  for (let i = 0; i < names.length; i++) {
    const value = /** @type {string} */ (environment[names[i]])
    if (startsWith(value, '/')) push((found[value] ??= []), names[i])
  }
  return found
}

/** The runtime's own reads /proc/self, which means the origin to the rules of a child. @param {Origin} origin */
function replaceMemoryUsage({ addon, heapStats }) {
  const rss = () => addon.residentBytesOfFork()
  const memoryUsage = () => {
    const { heapSize, heapCapacity, extraMemorySize } = heapStats()
    return { rss: rss(), heapTotal: heapCapacity, heapUsed: heapSize, external: extraMemorySize, arrayBuffers: 0 }
  }
  memoryUsage.rss = rss
  process.memoryUsage = memoryUsage
}
