/** Writes what a tool prints and reports to its job, at a bounded rate and up to a bounded size. */

import { tell } from './ends.js'
import { storableText, storableValue } from './storable.js'

/** @typedef {import('../../../index.d.ts').LogEntry} LogEntry */
/** @typedef {{ lines: number, bytes: number, every: number }} LogLimits */

const NOTHING = Symbol('nothing')

export class JobReports {
  #job
  #limits
  #progressEvery
  /** @type {string[]} */
  #rows = []
  #lines = 0
  #bytes = 0
  #leftOut = 0
  /** @type {unknown} */
  #progress = NOTHING
  /** @type {Map<'rows' | 'progress', ReturnType<typeof setTimeout>>} */
  #timers = new Map()
  /** Settles when everything handed over so far is written; rows are written one after the other, in their order. */
  #writing = Promise.resolve()

  /** @param {import('bullmq').Job} job @param {LogLimits | null} limits @param {number} progressEvery */
  constructor(job, limits, progressEvery) {
    this.#job = job
    this.#limits = limits ?? { lines: 0, bytes: 0, every: 0 }
    this.#progressEvery = progressEvery
  }

  /** @param {LogEntry} entry */
  log = ({ stream, level, text }) => {
    const mark = level === null ? stream : level
    const row = storableText(mark === 'log' || mark === 'stdout' ? text : `${mark}: ${text}`)
    const bytes = Buffer.byteLength(row)
    if (this.#leftOut > 0 || this.#lines === this.#limits.lines || this.#bytes + bytes > this.#limits.bytes) {
      this.#leftOut++
      return
    }
    this.#lines++
    this.#bytes += bytes
    this.#rows.push(row)
    this.#later('rows', this.#limits.every)
  }

  /** Keeps only the last value until the next write. @param {unknown} value */
  progress = (value) => {
    this.#progress = value
    this.#later('progress', this.#progressEvery)
  }

  /** Resolves when everything is written, so that it is there before the result. */
  async finish() {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    if (this.#leftOut > 0) this.#rows.push(`${this.#leftOut} more left out`)
    this.#leftOut = 0
    await this.#write()
  }

  /** @param {'rows' | 'progress'} what @param {number} milliseconds */
  #later(what, milliseconds) {
    if (this.#timers.has(what)) return
    const timer = setTimeout(() => {
      this.#timers.delete(what)
      void this.#write()
    }, milliseconds)
    this.#timers.set(what, timer)
  }

  #write() {
    const rows = this.#rows
    const progress = this.#timers.has('progress') ? NOTHING : this.#progress
    this.#rows = []
    if (progress !== NOTHING) this.#progress = NOTHING
    this.#writing = this.#writing.then(() => this.#send(rows, progress)).catch((problem) => tell(this.#job, problem))
    return this.#writing
  }

  /** @param {string[]} rows @param {unknown} progress */
  async #send(rows, progress) {
    for (const row of rows) await this.#job.log(row)
    if (progress !== NOTHING) await this.#job.updateProgress(/** @type {any} */ (storableValue(progress)))
  }
}
