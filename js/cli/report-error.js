/**
 * Prints a failure for a person: `error:` states what happened, indented lines state where, `hint:` states what to do.
 * Lines from a tool are made printable and always indented, so a line that begins with `error:` or `hint:` is ours.
 */

import { printable, printableLines } from '../printable.js'

/** The number of frames of a tool's stack that are shown; further ones are nearly always library code. */
const FRAMES = 5

/** Frames of the runtime and of this package's worker do not help a tool's author. @param {string} line */
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

/**
 * A single wrong field is reported with the origin of its value; several are listed below.
 * @param {any} error
 * @returns {string}
 */
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
  // A mistake in this program itself, whose stack is needed for a report.
  if (error instanceof Error && !isOurs(error)) terminal.note(terminal.errStyle(printableLines(error.stack ?? ''), 'dim'))
  const { hint } = Object(error)
  if (typeof hint === 'string' && hint !== '') terminal.note(`${terminal.errStyle('hint:', 'cyan')} ${printable(hint)}`)
}
