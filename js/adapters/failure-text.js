import { printable, printableLines } from '../printable.js'
import { mayHaveHalves, wellFormed } from '../well-formed.js'

/**
 * A failed call as text for a model: what went wrong and what would help, without stacks of the host. Further lines of
 * a tool's message are indented, so that only our own line can begin with `hint:`.
 * @param {unknown} error
 */
export function failureText(error) {
  if (!(error instanceof Error)) return indented(String(error))
  const { hint } = /** @type {{ hint?: unknown }} */ (error)
  const message = indented(error.message === '' ? error.name : error.message)
  return typeof hint === 'string' && hint !== '' ? `${message}\nhint: ${wellFormed(printable(hint))}` : message
}

/** @param {string} text */
const indented = (text) => wellFormed(printableLines(text).replaceAll('\n', '\n  '))

/**
 * A result as text: a string as it is, anything else as JSON; both without unpaired surrogates.
 * @param {unknown} result
 * @returns {string}
 */
export function resultText(result) {
  if (typeof result === 'string') return wellFormed(result)
  const text = JSON.stringify(result)
  return (mayHaveHalves(text) ? JSON.stringify(wellFormed(result)) : text) ?? 'null'
}
