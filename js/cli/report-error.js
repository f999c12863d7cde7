/**
 * How a failure looks to a person: `error:` says what, indented lines say where, `hint:` says what to do. Lines that a tool
 * gave are printable and always indented: what begins a line with `error:` or `hint:` is ours.
 */

import { printable, printableLines } from '../printable.js'

/** Frames of a tool's stack worth showing: beyond these it is library code nearly always. */
const FRAMES = 5

/** Frames of the runtime and of this package's worker tell a tool's author nothing. @param {string} line */
const isNoise = (line) => /\bnode:|\/\.toolwarden\/|\bnative\b|unknown/.test(line)

/** @param {any} cause what the tool or its module threw, as data */
function stackLines(cause) {
  if (typeof cause?.stack !== 'string') return []
  const lines = cause.stack.split('\n')
  const frames = lines.filter((/** @type {string} */ line) => /^\s+at /.test(line) && !isNoise(line))
  return frames.slice(0, FRAMES).map((/** @type {string} */ line) => line.trim())
}

/** @param {{ field: string, message: string }} problem */
const problemText = ({ field, message }) => `${field}: ${message}`

/** A single wrong field is said with where it came from; several are listed below. @param {any} error @returns {string} */
function headline(error) {
  const { problems } = Object(error)
  if (Array.isArray(problems) && problems.length === 1) return problemText(problems[0])
  if (Array.isArray(problems) && problems.length > 1) return `${problems.length} problems in the configuration`
  return error instanceof Error ? error.message : String(error)
}

/** @param {any} error @returns {string[]} */
function details(error) {
  if (Array.isArray(error.problems) && error.problems.length > 1) return error.problems.map(problemText)
  if (Array.isArray(error.issues) && error.issues.length > 1) {
    return error.issues.map((/** @type {any} */ { path, message }) => (path === '' ? message : `${path}: ${message}`))
  }
  if (error.code === 'ERR_ENTRYPOINT_LOAD' && typeof error.stderr === 'string' && !error.cause?.stack) {
    return error.stderr.split('\n').filter(Boolean).slice(0, 12)
  }
  return stackLines(error.cause)
}

/** @param {any} error */
const isOurs = (error) => typeof error?.code === 'string' || error?.constructor?.name === 'UsageError'

/**
 * @param {any} error
 * @param {import('./terminal.js').Terminal} terminal
 */
export function reportError(error, terminal) {
  const message = printableLines(headline(error))
  terminal.note(`${terminal.errStyle('error:', 'red')} ${message.split('\n')[0]}`)
  const more = message.split('\n').slice(1)
  const below = details(Object(error)).flatMap((line) => line.split('\n'))
  for (const line of [...more, ...below]) terminal.note(`  ${printableLines(line)}`)
  // A mistake of this program itself: its stack is what a report of it needs.
  if (error instanceof Error && !isOurs(error)) terminal.note(terminal.errStyle(printableLines(error.stack ?? ''), 'dim'))
  const { hint } = Object(error)
  if (typeof hint === 'string' && hint !== '') terminal.note(`${terminal.errStyle('hint:', 'cyan')} ${printable(hint)}`)
}
