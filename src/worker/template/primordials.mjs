/**
 * Everything of the language and the runtime that the worker uses, saved before the entrypoint is imported: a tool that
 * replaces JSON.stringify, Array.prototype.push or Promise.prototype.then changes what tools see, not what the worker
 * does. For the same reason the other files do not destructure or spread arrays, iterate by index, and use objects
 * without a prototype for look-ups and serialisation.
 */

/**
 * Turns a method into a function of its receiver.
 * @type {(method: Function) => (receiver: any, ...args: any[]) => any}
 */
const uncurry = Function.prototype.bind.bind(Function.prototype.call)

export const isBun = typeof Bun !== 'undefined'
export const bun = isBun ? Bun : null

/** Node has loaded these modules anyway; in Bun `fs` alone costs 3 ms, so only what is needed is loaded, late. */
const nodeModules = isBun
  ? null
  : {
      fs: await import('node:fs'),
      net: await import('node:net'),
      stream: await import('node:stream'),
      util: await import('node:util'),
      console: await import('node:console'),
    }
const getBuiltinModule = process.getBuiltinModule?.bind(process)
/** @template {'fs' | 'net' | 'stream' | 'util' | 'console'} K @param {K} name @returns {NonNullable<typeof nodeModules>[K]} */
export const builtin = (name) => (nodeModules ? nodeModules[name] : /** @type {any} */ (getBuiltinModule)(`node:${name}`))

/**
 * A module that is needed only after a failure; undefined where this Node is too old to provide it.
 * @param {string} name
 * @returns {any}
 */
export const laterBuiltin = (name) => /** @type {any} */ (getBuiltinModule)?.(`node:${name}`)

export const jsonParse = JSON.parse
export const jsonStringify = JSON.stringify
export const ObjectFreeze = Object.freeze
export const ObjectKeys = Object.keys
export const hasOwn = Object.hasOwn
export const prototypeOf = Object.getPrototypeOf
export const ObjectPrototype = Object.prototype
export const objectCreate = Object.create
export const setPrototypeOf = Reflect.setPrototypeOf
export const defineProperty = Object.defineProperty
export const ownProperty = Object.getOwnPropertyDescriptor
export const apply = Reflect.apply
export const reflectGet = Reflect.get
export const reflectHas = Reflect.has
export const reflectSet = Reflect.set
/** @param {object} target @param {object} traps */
export const listenerOf = (target, traps) => new ProxyOf(target, traps)
const ProxyOf = Proxy
export const isArray = Array.isArray
export const push = uncurry(Array.prototype.push)
export const join = uncurry(Array.prototype.join)
export const sort = uncurry(Array.prototype.sort)
export const reverse = uncurry(Array.prototype.reverse)

export const charCodeAt = uncurry(String.prototype.charCodeAt)
export const slice = uncurry(String.prototype.slice)
export const split = uncurry(String.prototype.split)
export const indexOf = uncurry(String.prototype.indexOf)
export const includes = uncurry(String.prototype.includes)
export const replaceAll = uncurry(String.prototype.replaceAll)
export const repeat = uncurry(String.prototype.repeat)
export const startsWith = uncurry(String.prototype.startsWith)
export const endsWith = uncurry(String.prototype.endsWith)
/** Replaces unpaired surrogates, which JSON parsers reject. @type {(text: string) => string} */
export const toWellFormed = uncurry(/** @type {any} */ (String.prototype).toWellFormed)
export const FunctionOf = Function
export const RegExpOf = RegExp
/** @type {(pattern: RegExp, text: string) => RegExpExecArray | null} */
export const match = uncurry(RegExp.prototype.exec)
/**
 * Not saved before it is needed, because that alone takes 30 us; a tool that replaces URL breaks only its own schemas.
 * @param {string} text
 * @param {string} [base]
 */
export const urlOf = (text, base) => new URL(text, base)
export const decodePercent = decodeURIComponent
export const BigIntOf = BigInt
export const StringOf = String
export const NumberOf = Number
export const isFinite = Number.isFinite
export const isInteger = Number.isInteger
export const parseInteger = Number.parseInt
export const parseDecimal = Number.parseFloat
export const toFixed = uncurry(Number.prototype.toFixed)
export const round = Math.round
export const now = Date.now
export const clock = performance.now.bind(performance)

export const mapGet = uncurry(Map.prototype.get)
export const mapSet = uncurry(Map.prototype.set)
export const mapHas = uncurry(Map.prototype.has)
export const mapForEach = uncurry(Map.prototype.forEach)
export const mapDelete = uncurry(Map.prototype.delete)
export const MapOf = Map
const mapValues = uncurry(Map.prototype.values)
const nextValue = uncurry(Object.getPrototypeOf(new Map().values()).next)
/** The value that was inserted first. @param {Map<any, any>} map */
export const mapFirst = (map) => nextValue(mapValues(map)).value

export const ErrorOf = Error
export const TypeErrorOf = TypeError
export const RangeErrorOf = RangeError
export const DOMExceptionOf = DOMException
export const asyncIterator = Symbol.asyncIterator
export const objectToString = uncurry(Object.prototype.toString)

export const promiseResolve = Promise.resolve.bind(Promise)
export const promiseThen = uncurry(Promise.prototype.then)
export const promiseRace = Promise.race.bind(Promise)
export const PromiseOf = Promise
export const FinalizationRegistryOf = FinalizationRegistry
/** @type {<Held>(registry: FinalizationRegistry<Held>, value: object, held: Held) => void} */
export const whenCollected = uncurry(FinalizationRegistry.prototype.register)
export const soon = queueMicrotask
export const setTimer = setTimeout
/** Collects all garbage now. Bun only. */
export const collectGarbage = isBun ? Bun.gc.bind(Bun, true) : () => {}
export const clearTimer = clearTimeout
/** Makes a timer not keep the process alive. @param {any} timer */
export const unref = (timer) => timer.unref()

export const AbortControllerOf = AbortController
const signalGetter = Object.getOwnPropertyDescriptor(AbortController.prototype, 'signal')?.get
/** @type {(controller: AbortController) => AbortSignal} */
export const signalOf = uncurry(/** @type {Function} */ (signalGetter))
/** @type {(controller: AbortController, reason: unknown) => void} */
export const abort = uncurry(AbortController.prototype.abort)

/**
 * Native in both runtimes but missing in their types: (buffer, start, end) and (buffer, text, offset, length) => bytes.
 */
const bufferMethods = /** @type {any} */ (Buffer.prototype)
/** @type {(buffer: Uint8Array, start: number, end: number) => string} */
export const utf8Slice = uncurry(bufferMethods.utf8Slice)
/** @type {(buffer: Uint8Array, text: string, offset: number, length: number) => number} */
export const utf8Write = uncurry(bufferMethods.utf8Write)
const base64Slice = uncurry(bufferMethods.base64Slice)
const bufferFrom = Buffer.from
/** @param {string} text @returns {string} */
export const base64 = (text) => base64Slice(bufferFrom(text))
export const newBuffer = Buffer.allocUnsafeSlow
export const byteLength = Buffer.byteLength
/** @type {(target: Uint8Array, source: Uint8Array, offset?: number) => void} */
export const copyInto = uncurry(Uint8Array.prototype.set)
/** @type {(bytes: Uint8Array, start?: number, end?: number) => Uint8Array} */
export const view = uncurry(Uint8Array.prototype.subarray)

export const atomicLoad = Atomics.load
export const atomicStore = Atomics.store
const pausing = new Int32Array(new SharedArrayBuffer(4))
const wait = Atomics.wait
/** Blocks the thread. @param {number} milliseconds */
export const pause = (milliseconds) => wait(pausing, 0, 0, milliseconds)

/** @type {((path: string, options: { shared: boolean }) => Uint8Array) | null} */
export const mapFile = bun ? bun.mmap : null

export const environment = process.env
/** @type {(code: number) => never} */
export const exit = process.exit.bind(process)
export const onProcess = /** @type {(event: string, listener: (...args: any[]) => void) => void} */ (process.on.bind(process))
