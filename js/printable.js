/**
 * Makes text from a tool safe to show to a person: characters that would move a cursor, colour or clear a terminal, or
 * change the reading direction of the surrounding text are made visible instead. `src/error/printable.rs` does the same
 * for text of the core; `__test__/fixtures/printable.json` tests both with one table.
 */

/**
 * The control characters of ASCII and Latin-1, the two line separators that only some programs break lines at, and every
 * character of Unicode's `Bidi_Control`.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** @type {Record<string, string>} */
const SHORT = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** @param {string} character */
const escaped = (character) => SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** As a single line: line breaks and tabs are escaped too. @param {string} text */
export const printable = (text) => text.replace(UNPRINTABLE, escaped)

/** Line breaks and tabs are kept. @param {string} text */
export const printableLines = (text) =>
  text.replace(UNPRINTABLE, (character) => (character === '\n' || character === '\t' ? character : escaped(character)))
