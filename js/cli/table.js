/**
 * Prints columns as wide as their longest cell; the last one is cut at the terminal's width.
 * @param {readonly string[]} head
 * @param {ReadonlyArray<readonly string[]>} rows
 * @param {import('./terminal.js').Terminal} terminal
 * @param {{ right?: boolean }} [options] right: all columns but the first are numbers
 */
export function printTable(head, rows, terminal, { right = false } = {}) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  /** @param {readonly string[]} cells */
  const line = (cells) => {
    const padded = cells.map((cell, column) => {
      const width = /** @type {number} */ (widths[column])
      if (right && column > 0) return cell.padStart(width)
      return column === cells.length - 1 ? cell : cell.padEnd(width)
    })
    const text = padded.join('  ').trimEnd()
    return text.length > terminal.width ? `${text.slice(0, terminal.width - 1)}…` : text
  }
  terminal.print(terminal.outStyle(line(head), 'bold'))
  for (const row of rows) terminal.print(line(row))
}
