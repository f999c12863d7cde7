import { printable, printableLines } from '../printable.js'

/**
 * A failed call in the words a model gets: what went wrong and what would help, without stacks of the host. Further lines of
 * a tool's message are indented, so that a line that begins with `hint:` is ours.
 * @param {unknown} error
 */
export function failureText(error) {
  if (!(error instanceof Error)) return indented(String(error))
  const { hint } = /** @type {{ hint?: unknown }} */ (error)
  const message = indented(error.message === '' ? error.name : error.message)
  return typeof hint === 'string' && hint !== '' ? `${message}\nhint: ${printable(hint)}` : message
}

/** @param {string} text */
const indented = (text) => printableLines(text).replaceAll('\n', '\n  ')

/**
 * A result as text: a string as it is, anything else as JSON.
 * @param {unknown} result
 * @returns {string}
 */
export function resultText(result) {
  return typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null')
}
