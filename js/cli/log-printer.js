/** @type {Record<string, import('./terminal.js').Style>} */
const STYLE = { error: 'red', warn: 'yellow', debug: 'dim' }

/**
 * Prints what tools print, on stderr: stdout is for results.
 * @param {import('./terminal.js').Terminal} terminal
 * @returns {(entry: import('../../index.d.ts').LogEntry) => void}
 */
export const logPrinter = (terminal) => (entry) => {
  const style = entry.level === null ? undefined : STYLE[entry.level]
  terminal.note(style === undefined ? entry.text : terminal.errStyle(entry.text, style))
}
