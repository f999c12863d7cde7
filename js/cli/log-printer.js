import { printableLines } from '../printable.js'

/** @type {Record<string, import('./terminal.js').Style>} */
const STYLE = { error: 'red', warn: 'yellow', debug: 'dim' }

/** The beginnings of our own lines. */
const OURS = /^(?:(?:error|hint|progress|trusted):|allow )/i

/** Characters that take no room before a word. */
const INVISIBLE = /^[\s\u00ad\u200b-\u200d\u2060\ufeff]+/

/** A tool's line, which can neither control the terminal nor be taken for one of ours. @param {string} text */
function shown(text) {
  const line = printableLines(text).replaceAll('\n', String.raw`\n`)
  return OURS.test(line.replace(INVISIBLE, '')) ? `  ${line}` : line
}

/**
 * Prints the output of tools on stderr, because stdout is for results.
 * @param {import('./terminal.js').Terminal} terminal
 * @returns {(entry: import('../../index.d.ts').LogEntry) => void}
 */
export const logPrinter = (terminal) => (entry) => {
  const style = entry.level === null ? undefined : STYLE[entry.level]
  const text = shown(entry.text)
  terminal.note(style === undefined ? text : terminal.errStyle(text, style))
}
