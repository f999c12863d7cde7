/**
 * A transport with bounds: the number of a client's requests that run at once, and the amount of data that waits for a
 * client that does not read. A message that cannot be written as JSON becomes an error, so that every request is
 * answered and all output is well-formed.
 */

import { mayHaveHalves, wellFormed } from '../../well-formed.js'
import { EVENT_FRAME, Outlet } from './outlet.js'

/** Requests of one client that run at once; further ones are rejected. */
export const MOST_REQUESTS = 32
/** Rejections that may wait for a client before its connection is given up: it sends requests but does not read. */
const MOST_REFUSALS = 1000

/** @param {unknown} id @param {number} code @param {string} message @returns {any} */
const errorAnswer = (id, code, message) => ({ jsonrpc: '2.0', id, error: { code, message } })

/** @param {any} message */
const isRequest = (message) => message?.method !== undefined && message.id !== undefined

export class BoundedTransport {
  #inner
  /** Used where nothing is known about how a message leaves: one message follows the other. */
  #outlet = new Outlet(0)
  /** Of responses that are metered, by request. @type {Map<unknown, Outlet>} */ #outlets = new Map()
  /** Requests without an answer. */
  #open = new Set()
  #refusals = 0
  /** Called once every request has its answer. @type {Array<() => void>} */ #idle = []
  /** @type {(() => void) | undefined} */ onclose
  /** @type {((error: Error) => void) | undefined} */ onerror
  /** @type {((message: any, extra?: any) => void) | undefined} */ onmessage

  /** @param {any} inner a transport of the SDK */
  constructor(inner) {
    this.#inner = inner
  }

  get sessionId() {
    return this.#inner.sessionId
  }

  /** @param {string} version */
  setProtocolVersion(version) {
    this.#inner.setProtocolVersion?.(version)
  }

  /** Whether a request is running. */
  get isBusy() {
    return this.#open.size > 0
  }

  /** Resolves when every request has its answer, or the transport is closed. @returns {Promise<void>} */
  answered() {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#settle()
    })
  }

  #settle() {
    if (this.#open.size === 0 && this.#refusals === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** @param {unknown} id */
  #over(id) {
    this.#open.delete(id)
    this.#settle()
  }

  /**
   * Sends the answers of these requests through their own outlet.
   * @param {unknown[]} requests ids
   * @param {Outlet} outlet
   * @returns {() => void} takes it back
   */
  meter(requests, outlet) {
    for (const id of requests) this.#outlets.set(id, outlet)
    return () => {
      for (const id of requests) if (this.#outlets.get(id) === outlet) this.#outlets.delete(id)
    }
  }

  async start() {
    const inner = this.#inner
    const { onclose } = inner
    // Assigned, because these are the SDK's callbacks and not an event target.
    Object.assign(inner, {
      onclose: () => {
        this.#outlet.end()
        this.#open.clear()
        this.#settle()
        for (const outlet of this.#outlets.values()) outlet.end()
        onclose?.()
        this.onclose?.()
      },
      onerror: (/** @type {Error} */ error) => this.onerror?.(error),
      onmessage: (/** @type {any} */ message, /** @type {any} */ extra) => this.#received(message, extra),
    })
    await inner.start()
  }

  async close() {
    await this.#inner.close()
  }

  /** @param {any} message @param {any} extra */
  #received(message, extra) {
    if (message?.method === 'notifications/cancelled') this.#over(message.params?.requestId)
    if (isRequest(message)) {
      if (this.#open.size >= MOST_REQUESTS) {
        void this.#refuse(message.id)
        return
      }
      this.#open.add(message.id)
    }
    this.onmessage?.(message, extra)
  }

  /** @param {unknown} id */
  async #refuse(id) {
    this.#refusals++
    try {
      if (this.#refusals > MOST_REFUSALS) await this.close()
      else await this.#put(errorAnswer(id, -32000, `${MOST_REQUESTS} requests are worked on already: wait for an answer`))
    } catch (error) {
      this.onerror?.(/** @type {Error} */ (error))
    } finally {
      this.#refusals--
      this.#settle()
    }
  }

  /** Resolves when the client has room for more. @param {any} message @param {any} [options] */
  async send(message, options) {
    try {
      await this.#put(message, options)
    } finally {
      if (message.method === undefined) this.#over(message.id)
    }
  }

  /** @param {any} message @param {any} [options] */
  async #put(message, options) {
    let text
    let sent = message
    try {
      text = JSON.stringify(message)
      if (mayHaveHalves(text)) {
        sent = wellFormed(message)
        text = JSON.stringify(sent)
      }
    } catch (error) {
      // The result is too large or nested too deep for this runtime.
      if (message.method !== undefined) throw error
      sent = errorAnswer(message.id, -32603, `the answer cannot be written as JSON: ${/** @type {Error} */ (error).message}`)
      text = JSON.stringify(sent)
    }
    const bytes = Buffer.byteLength(text) + EVENT_FRAME
    const metered = this.#outlets.get(message.method === undefined ? message.id : options?.relatedRequestId)
    const outlet = metered ?? this.#outlet
    await outlet.enter(bytes)
    try {
      await this.#inner.send(sent, options)
    } finally {
      if (metered === undefined) outlet.left(bytes)
    }
  }
}
