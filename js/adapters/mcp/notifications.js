/** Progress values and log lines of a tool, as MCP notifications. */

import { printableLines } from '../../printable.js'

/** Lines that may wait for a client that reads slowly. The tool's output is not allowed to grow this process. */
const MOST_WAITING = 10_000

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
    else if (isProgress(value)) progress = value.message === undefined ? value : { ...value, message: printableLines(value.message) }
    else progress = { progress: ++count, message: printableLines(JSON.stringify(value)) }
    return { method: 'notifications/progress', params: { ...progress, progressToken } }
  }
}

/** Sends one after another, so that they arrive in order and at the pace of the client. */
export class NotificationQueue {
  /** @type {any[]} */ #waiting = []
  #leftOut = 0
  /** @type {Promise<void>} */ #sending = Promise.resolve()
  #busy = false
  #send

  /** @param {(notification: any) => Promise<void>} send */
  constructor(send) {
    this.#send = send
  }

  /** @param {any} notification */
  add(notification) {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#leftOut++
      return
    }
    this.#waiting.push(notification)
    if (!this.#busy) {
      this.#busy = true
      this.#sending = this.#sendAll()
    }
  }

  async #sendAll() {
    try {
      while (this.#waiting.length > 0) await this.#send(this.#waiting.shift())
    } catch {
      // The client is gone; whoever answers the request finds that out too.
    }
    this.#waiting = []
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
