/** The last executions with what is known about each, as the page shows them. Everything kept has a bound. */

import { pretty } from '../pretty.js'

/** Executions that are kept. */
export const KEPT = 100
/** Lines and progress values of one execution. */
const LINES = 500
/** Characters of one line, and of one result, error text or input. */
const LINE = 4000
const TEXT = 256 * 1024

/** @param {string} text @param {number} most */
const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}... (${text.length} characters)` : text)

/** @param {unknown} value */
const asText = (value) => {
  const text = pretty(value)
  return text === undefined ? undefined : cut(text, TEXT)
}

/**
 * @typedef {object} Line
 * @property {string} kind "stdout", "stderr" or "progress"
 * @property {string | null} level
 * @property {string} text
 */

/**
 * @typedef {object} Execution
 * @property {string} id
 * @property {string} tool
 * @property {string | undefined} input
 * @property {number} began Unix time in milliseconds
 * @property {boolean} over
 * @property {number} [took] milliseconds
 * @property {Line[]} lines
 * @property {number} linesLeftOut
 * @property {string} [result]
 * @property {{ code: string | null, message: string, hint: string | null, issues: Array<{ path: string, message: string }> }} [error]
 * @property {import('../../../index.d.ts').ExecutionRecord} [record]
 */

export class Executions {
  /** The newest first. @type {Execution[]} */ #all = []

  get all() {
    return this.#all
  }

  /** @param {string} id @param {string} tool @param {unknown} input @returns {Execution} */
  begin(id, tool, input) {
    const execution = { id, tool, input: asText(input), began: Date.now(), over: false, lines: [], linesLeftOut: 0 }
    this.#all.unshift(execution)
    // One that still runs stays, however many came after it.
    const surplus = this.#all.findLastIndex(({ over }) => over)
    if (this.#all.length > KEPT && surplus > 0) this.#all.splice(surplus, 1)
    return execution
  }

  /** @param {string} id */
  find(id) {
    return this.#all.find((execution) => execution.id === id)
  }
}

/** @param {Execution} execution @param {string} kind @param {string | null} level @param {string} text @returns {Line | undefined} */
export function addLine(execution, kind, level, text) {
  if (execution.lines.length >= LINES) {
    execution.linesLeftOut++
    return undefined
  }
  const line = { kind, level, text: cut(text, LINE) }
  execution.lines.push(line)
  return line
}

/** @param {Execution} execution @param {unknown} result */
export function succeeded(execution, result) {
  finish(execution)
  const text = asText(result)
  if (text !== undefined) execution.result = text
}

/** @param {Execution} execution @param {any} error */
export function failed(execution, error) {
  finish(execution)
  const { code, message, hint, issues } = Object(error)
  execution.error = {
    code: code ?? null,
    message: cut(String(message ?? error), TEXT),
    hint: hint ?? null,
    issues: issues ?? [],
  }
}

/** @param {Execution} execution */
function finish(execution) {
  execution.over = true
  execution.took = Date.now() - execution.began
}
