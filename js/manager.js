/**
 * The manager over the native core: calls are passed down as text, events come back in batches. All promises are kept
 * in one map here, because a native promise costs a thread-safe function per call.
 * The decisions behind it: docs/decisions.md#calls.
 */

import { reasonText } from './abort.js'
import { addAsyncDispose } from './async-dispose.js'
import * as atExit from './at-exit.js'
import { afterMilliseconds } from './after.js'
import { wakeUpMode, listen } from './doorbell.js'
import { createBuilderClass } from './builder.js'
import { deepFreeze } from './deep-freeze.js'
import { deferred } from './deferred.js'
import { aborted, closed, refusal } from './rejections.js'
import { checkToolId, payloadText, readCloseOptions, readOptions } from './call-options.js'
import { checkManagerArguments } from './config-problem.js'
import { errorFrom } from './errors.js'
import { newExecId } from './exec-id.js'
import { encodeUserValue, userValueText, parseUserValue } from './user-value.js'
import { hostDirs, hostEnv, hostNode } from './host.js'
import { EventBatch } from './event-batch.js'
import { KeepAlive } from './keep-alive.js'
import { announceLearning, flagsOf, lessonsOf } from './learning.js'
import { logEntries } from './lines.js'
import { EVENT, OBSERVES_LOGS, OBSERVES_RECORDS } from './native-protocol.js'
import { ObservedEmitter } from './observed-emitter.js'
import { CallBatch } from './call-batch.js'
import { numberAfter, PendingCall, Question } from './pending.js'
import { endWhenCollected, ManagerRef } from './manager-ref.js'
import { captureSite, originOf, rejectWhereAwaited, siteOf, sitesAreCheap } from './call-site.js'
import { observed, telemetry } from './telemetry.js'
import { entryOf } from './tool-entry.js'

/** @typedef {import('./native-interface.d.ts').ErrorData} ErrorData */
/** @typedef {import('./call-site.js').Site} Site */
/** @typedef {import('./call-site.js').Origin} Origin */

/**
 * How many milliseconds batches are taken in one turn, so that a tool that floods its log does not keep the host from
 * its timers and sockets.
 */
const TURN = 1

/** From this many calls in flight on, no stack is captured; promises that are never awaited lose their frames. */
const BUSY = 8

/** @param {import('./native-interface.d.ts').NativeModule} native */
export function createManagerClass(native) {
  class Manager extends ObservedEmitter {
    /** @type {import('./native-interface.d.ts').NativeManager} */ #native
    /** @type {{ config: any, workingDir: string, workerFileHash: string, enforcement: any }} */ #info
    /** @type {Map<number, PendingCall | Question>} */ #pending = new Map()
    #lastNumber = 0
    #callBatch = new CallBatch()
    #sending = false
    #eventBatch = new EventBatch()
    /** The number of calls in flight when answers last came. */
    #load = 0
    #draining = false
    #observed = 0
    /** @type {KeepAlive} */ #keepAlive
    /** @type {ManagerRef<Manager>} */ #managerRef = new ManagerRef(this)
    /** @type {{ promise: Promise<void>, done: () => void, forced: boolean } | null} */ #closing = null

    /** @param {string} workingDir @param {object} [config] */
    constructor(workingDir, config = {}) {
      super()
      const site = captureSite(Manager)
      checkManagerArguments(workingDir, config, site)
      const options = { workingDir, config: encodeUserValue(config), hostDirs: hostDirs(), node: hostNode(), ...hostEnv() }
      const managerRef = this.#managerRef
      const opened = native.open(JSON.stringify(options), () => managerRef.use((manager) => manager.#drain()), wakeUpMode())
      if (typeof opened === 'string') throw errorFrom(JSON.parse(opened), site)
      this.#native = opened
      atExit.opened(opened)
      this.#keepAlive = new KeepAlive()
      endWhenCollected(this, opened, this.#keepAlive)
      this.#info = deepFreeze(parseUserValue(opened.info()))
      if (this.#info.config.learn === true) announceLearning()
    }

    /** @param {string} workingDir */
    static builder(workingDir) {
      return new ManagerBuilder(workingDir)
    }

    get config() {
      return this.#info.config
    }

    get workingDir() {
      return this.#info.workingDir
    }

    get workerFileHash() {
      return this.#info.workerFileHash
    }

    get enforcement() {
      return this.#info.enforcement
    }

    /** @returns {number} */
    get slots() {
      const { isolation, maxWorkers, concurrentCallsPerWorker } = this.#info.config
      return isolation === 'worker' ? maxWorkers * concurrentCallsPerWorker : maxWorkers
    }

    /** @returns {number} */
    getGlobalTimeout() {
      return this.#info.config.toolExecutionTimeout
    }

    /** @returns {import('../index.d.ts').ManagerStats} */
    stats() {
      return JSON.parse(this.#upToDate().stats())
    }

    metrics() {
      return this.#upToDate().metrics()
    }

    learned() {
      return flagsOf(this.learnedInDetail())
    }

    learnedInDetail() {
      return lessonsOf(this.#upToDate())
    }

    /** @param {string} toolId @param {unknown} [input] @param {object} [options] */
    executeTool(toolId, input, options) {
      return this.#withTelemetry(originOf(executeTool), toolId, input, null, options)
    }

    /** @param {string} toolId @param {unknown} input @param {unknown} timeout @param {object} [options] */
    executeToolWithTimeout(toolId, input, timeout, options) {
      return this.#withTelemetry(originOf(executeToolWithTimeout), toolId, input, userValueText(timeout), options)
    }

    /** @returns {Promise<void>} */
    ready() {
      return this.#ask(captureSite(Manager.prototype.ready), (question) => this.#upToDate().ready(question))
    }

    /** @returns {Promise<import('../index.d.ts').ToolInfo[]>} */
    listTools() {
      return this.#ask(captureSite(Manager.prototype.listTools), (question) => this.#upToDate().listTools(question))
    }

    /** @param {{ force?: boolean, timeout?: import('../index.d.ts').Duration }} [options] @returns {Promise<void>} */
    close(options) {
      let given
      try {
        given = readCloseOptions(options)
      } catch (error) {
        return Promise.reject(refusal(error, captureSite(Manager.prototype.close)))
      }
      const wait = given.timeout === null ? Infinity : native.closeTimeout(given.timeout)
      if (typeof wait === 'string') return Promise.reject(errorFrom(JSON.parse(wait), captureSite(Manager.prototype.close)))
      const force = given.force || wait === 0
      if (this.#closing === null) {
        this.#closing = { ...deferred(), forced: force }
        this.#managerRef.hold(this)
        this.#keepAlive.hold()
        this.#upToDate().close(force)
      } else if (force && !this.#closing.forced) {
        this.#closing.forced = true
        this.#upToDate().close(true)
      }
      const { promise } = this.#closing
      if (!force && wait !== Infinity) {
        const forget = afterMilliseconds(wait, () => void this.close({ force: true }))
        promise.then(forget)
      }
      return promise
    }

    /** @override */
    listenersChanged() {
      const flags =
        (this.listenerCount('log') > 0 ? OBSERVES_LOGS : 0) |
        (this.listenerCount('execution') > 0 ? OBSERVES_RECORDS : 0)
      if (flags === this.#observed) return
      this.#observed = flags
      this.#native.observe(flags)
    }

    /** @param {Origin} origin @param {unknown} toolId @param {unknown} input @param {string | null} timeout @param {unknown} given */
    #withTelemetry(origin, toolId, input, timeout, given) {
      const otel = telemetry()
      if (otel === null) return this.#call(origin, true, toolId, input, timeout, given)
      const { config, enforcement } = this.#info
      const permissionsOf = (/** @type {string} */ id) => entryOf(/** @type {Record<string, string[]>} */ (enforcement.tools), id)?.[1] ?? enforcement.permissions
      return observed(otel, toolId, input, given, { ...config.telemetry, permissionsOf }, newExecId, (options) =>
        this.#call(origin, false, toolId, input, timeout, options),
      )
    }

    /**
     * @param {Origin} origin
     * @param {boolean} awaited What the caller awaits is what this returns
     * @param {unknown} toolId
     * @param {unknown} input
     * @param {string | null} timeout UserValue text that overrides the options' own
     * @param {unknown} given
     * @returns {Promise<any>}
     */
    #call(origin, awaited, toolId, input, timeout, given) {
      let id, options, text
      try {
        id = checkToolId(toolId)
        options = readOptions(given)
        text = payloadText('input', input)
      } catch (error) {
        return Promise.reject(refusal(error, siteOf(origin)))
      }
      // An invalid option is an error even if the argument overrides it.
      const problem = timeout !== null && options.timeout !== null ? native.checkTimeout(options.timeout) : null
      if (problem !== null) return Promise.reject(errorFrom(JSON.parse(problem), siteOf(origin)))
      const toolExecId = options.toolExecId ?? newExecId()
      if (this.#closing !== null) return Promise.reject(errorFrom(closed(id, toolExecId), siteOf(origin)))
      const { signal } = options
      if (signal?.aborted) return Promise.reject(errorFrom(aborted(id, toolExecId), siteOf(origin), options))

      const alone = this.#pending.size === 0
      const number = this.#newNumber()
      try {
        this.#callBatch.add(number, options.flags, id, toolExecId, text, options, timeout ?? options.timeout)
      } catch (error) {
        return Promise.reject(refusal(error, siteOf(origin)))
      }
      // A call without other calls in flight is sent before the rest is done here: its process already works on it.
      const refused = alone || this.#callBatch.full ? this.#callBatch.send(this.#native) : null
      const whereAwaited = !sitesAreCheap && awaited && (options.awaited || this.#load >= BUSY || this.#pending.size >= BUSY)
      const site = whereAwaited ? null : siteOf(origin)
      const outcome = new Promise((resolve, reject) => {
        const call = new PendingCall(site, id, toolExecId, options, resolve, reject)
        if (signal !== undefined) call.cancelWhenAborted(signal, () => this.#upToDate().cancel(number, reasonText(signal.reason)))
        this.#add(number, call)
      })
      if (refused === null) this.#sendSoon()
      else this.#rejectRefused(refused)
      return whereAwaited ? rejectWhereAwaited(outcome) : outcome
    }

    /** @param {Site} site @param {(question: number) => void} question @returns {Promise<any>} */
    #ask(site, question) {
      if (this.#closing !== null) return Promise.reject(errorFrom(closed(), site))
      return new Promise((resolve, reject) => {
        const number = this.#newNumber()
        this.#add(number, new Question(site, resolve, reject))
        question(number)
      })
    }

    #newNumber() {
      return (this.#lastNumber = numberAfter(this.#lastNumber, this.#pending))
    }

    /** @param {number} number @param {PendingCall | Question} entry */
    #add(number, entry) {
      this.#pending.set(number, entry)
      this.#managerRef.hold(this)
      this.#keepAlive.hold()
    }

    /** @param {number} number */
    #take(number) {
      const entry = this.#pending.get(number)
      if (this.#pending.delete(number)) this.#keepAlive.release()
      if (this.#pending.size === 0 && this.#closing === null) this.#managerRef.release()
      return entry
    }

    /** With other calls in flight, the calls of one turn cross together, which wakes the worker only once. */
    async #sendSoon() {
      if (this.#sending) return
      this.#sending = true
      await undefined
      this.#sending = false
      this.#send()
    }

    #send() {
      this.#rejectRefused(this.#callBatch.send(this.#native))
    }

    /** @param {Array<[number, ErrorData]>} refused */
    #rejectRefused(refused) {
      for (const [number, data] of refused) this.#take(number)?.fail(data)
    }

    /** The core, after it has received every call made so far. */
    #upToDate() {
      this.#send()
      return this.#native
    }

    #drain() {
      // The rest of a long burst is already scheduled.
      if (this.#draining) return
      this.#load = this.#pending.size
      const until = performance.now() + TURN
      do {
        if (!this.#eventBatch.take(this.#native, this.#onEvent)) return
      } while (performance.now() < until)
      this.#draining = true
      setImmediate(() => {
        this.#draining = false
        this.#drain()
      })
    }

    /** @param {number} kind @param {number} number @param {any} text */
    #onEvent = (kind, number, text) => {
      switch (kind) {
        case EVENT.result:
          return /** @type {PendingCall | undefined} */ (this.#take(number))?.succeed(text)
        case EVENT.error:
        case EVENT.noTools:
          return this.#settle(number, (entry) => entry.fail(JSON.parse(text)))
        case EVENT.log:
          return this.#logged(/** @type {PendingCall | undefined} */ (this.#pending.get(number)), text)
        case EVENT.progress:
          return /** @type {PendingCall | undefined} */ (this.#pending.get(number))?.progress(text)
        case EVENT.record:
          return this.tell('execution', JSON.parse(text))
        case EVENT.ready:
          if (text === null) return this.#take(number)?.resolve(undefined)
          return this.#settle(number, (entry) => entry.fail(JSON.parse(text)))
        case EVENT.tools:
          return this.#settle(number, (entry) => entry.resolve(JSON.parse(text)))
        case EVENT.listen:
          return this.#listen(number)
        case EVENT.drain:
          return this.tell('drain')
        case EVENT.closed:
          return this.#closed()
        default:
          throw new TypeError(`the native addon sent an item of kind ${kind}; it does not fit this version of toolwarden`)
      }
    }

    /**
     * Some texts come from processes. If one is unreadable, its caller gets the error, and not the host's event loop.
     * @param {number} number @param {(entry: PendingCall | Question) => void} settle
     */
    #settle(number, settle) {
      const entry = this.#take(number)
      if (entry === undefined) return
      try {
        settle(entry)
      } catch (error) {
        entry.reject(/** @type {Error} */ (error))
      }
    }

    /** @param {number} descriptor */
    #listen(descriptor) {
      const managerRef = this.#managerRef
      listen(descriptor, (ended) => managerRef.use((manager) => manager.#onReadable(ended)))
    }

    /** @param {boolean} ended */
    #onReadable(ended) {
      this.#native.read(ended)
      this.#drain()
    }

    /** @param {PendingCall | undefined} call @param {string} lines */
    #logged(call, lines) {
      const entries = logEntries(lines)
      call?.log(entries)
      if (this.#observed & OBSERVES_LOGS) for (const entry of entries) this.tell('log', entry)
    }

    #closed() {
      // The core answers everything before this event; if it failed to, a caller must still not wait for ever.
      for (const [number, entry] of this.#pending) {
        this.#take(number)
        entry.fail(entry instanceof PendingCall ? closed(entry.toolId, entry.toolExecId) : closed())
      }
      this.#keepAlive.end()
      atExit.closed(this.#native)
      this.#managerRef.end()
      // Not requested if the core broke down: then close() has nothing left to do.
      this.#closing ??= { ...deferred(), forced: true }
      this.#closing.done()
    }
  }

  const { executeTool, executeToolWithTimeout } = Manager.prototype

  addAsyncDispose(Manager.prototype)
  const ManagerBuilder = createBuilderClass(native, (workingDir, config) => new Manager(workingDir, config))
  return { Manager, ManagerBuilder }
}
