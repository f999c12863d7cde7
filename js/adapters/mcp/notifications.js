/** Sends a tool's progress values and log lines as MCP notifications. */

import { printableLines } from '../../printable.js'
import { wellFormed } from '../../well-formed.js'

/** Lines and progress values of one call that may wait for a slow client. */
const MOST_WAITING = 10_000

/** The bytes of them that may wait for one client: a tool's output must not grow this process. */
const MOST_BYTES = 16 * 1024 * 1024

/** A budget that several queues share. */
export class Budget {
  #left

  /** @param {number} [bytes] */
  constructor(bytes = MOST_BYTES) {
    this.#left = bytes
  }

  /** Whether there was room. @param {number} bytes */
  take(bytes) {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  /** @param {number} bytes */
  give(bytes) {
    this.#left += bytes
  }
}

/**
 * An estimate: a text takes one or two bytes per character, and the rest of the message is small.
 * @param {any} notification
 */
const sizeOf = ({ params: { data = '', message = '' } }) => 200 + 2 * (data.length + message.length)

/** MCP's levels, least urgent first. */
export const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** @type {Record<string, string>} */
const LEVEL_OF = { debug: 'debug', info: 'info', log: 'info', warn: 'warning', error: 'error' }

/** @param {import('../../../index.d.ts').LogEntry} entry */
const levelOf = ({ level, stream }) => (level === null ? (stream === 'stderr' ? 'warning' : 'info') : LEVEL_OF[level])

/**
 * @param {import('../../../index.d.ts').LogEntry} entry
 * @param {string | undefined} least the level the client asked for
 */
export function logNotification(entry, least) {
  const level = levelOf(entry) ?? 'info'
  if (least !== undefined && LEVELS.indexOf(level) < LEVELS.indexOf(least)) return undefined
  return { method: 'notifications/message', params: { level, logger: entry.toolId ?? 'toolwarden', data: printableLines(entry.text) } }
}

/** @param {any} value */
function isProgress(value) {
  if (typeof value !== 'object' || value === null || typeof value.progress !== 'number') return false
  const { total, message } = value
  return (total === undefined || typeof total === 'number') && (message === undefined || typeof message === 'string')
}

/** Copies only these fields, so that the size of a notification is known. @param {any} value */
const onlyProgress = ({ progress, total, message }) => ({
  progress,
  ...(total === undefined ? {} : { total }),
  ...(message === undefined ? {} : { message }),
})

/**
 * Makes the progress notifications of one request.
 * @param {string | number} progressToken
 */
export function progressNotifier(progressToken) {
  let count = 0
  /** @param {any} value */
  return (value) => {
    let progress
    if (typeof value === 'number') progress = { progress: value }
    else if (isProgress(value)) progress = onlyProgress(value)
    else progress = { progress: ++count, message: JSON.stringify(wellFormed(value)) }
    if (progress.message !== undefined) progress.message = printableLines(progress.message)
    return { method: 'notifications/progress', params: { ...progress, progressToken } }
  }
}

/** Sends notifications one after another, in order and at the pace of the client. */
export class NotificationQueue {
  /** @type {Array<{ notification: any, bytes: number }>} */ #waiting = []
  #budget
  #leftOut = 0
  /** @type {Promise<void>} */ #sending = Promise.resolve()
  #busy = false
  #send

  /** @param {(notification: any) => Promise<void>} send resolves when the client takes more @param {Budget} [budget] */
  constructor(send, budget = new Budget()) {
    this.#send = send
    this.#budget = budget
  }

  /** @param {any} notification */
  add(notification) {
    const bytes = sizeOf(notification)
    if (this.#waiting.length >= MOST_WAITING || !this.#budget.take(bytes)) {
      this.#leftOut++
      return
    }
    this.#waiting.push({ notification, bytes })
    if (!this.#busy) {
      this.#busy = true
      this.#sending = this.#sendAll()
    }
  }

  async #sendAll() {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        await this.#send(next.notification)
        this.#waiting.shift()
        this.#budget.give(next.bytes)
      }
    } catch {
      // The client is gone; whoever answers the request will notice too.
    }
    for (const { bytes } of this.#waiting.splice(0)) this.#budget.give(bytes)
    this.#busy = false
  }

  /** Resolves when all are sent: the answer of a request must not overtake them. */
  async flushed() {
    await this.#sending
    if (this.#leftOut === 0) return
    const data = `${this.#leftOut} log lines and progress values were left out: they came faster than the client reads`
    this.#leftOut = 0
    this.add({ method: 'notifications/message', params: { level: 'warning', logger: 'toolwarden', data } })
    await this.#sending
  }
}
