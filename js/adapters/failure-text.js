import { printable, printableLines } from '../printable.js'

/**
 * A failed call in the words a model gets: what went wrong and what would help, without stacks of the host.
 * @param {unknown} error
 */
export function failureText(error) {
  if (!(error instanceof Error)) return printableLines(String(error))
  const { hint } = /** @type {{ hint?: unknown }} */ (error)
  const message = printableLines(error.message === '' ? error.name : error.message)
  return typeof hint === 'string' && hint !== '' && !message.includes(hint) ? `${message}\nhint: ${printable(hint)}` : message
}

/**
 * A result as text: a string as it is, anything else as JSON.
 * @param {unknown} result
 * @returns {string}
 */
export function resultText(result) {
  return typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null')
}
