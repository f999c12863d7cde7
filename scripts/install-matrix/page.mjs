/** The tables of docs/install.md. */

/** @param {string[]} head @param {string[][]} rows */
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** @param {Array<{ name: string, version: string, line: string, bun: string, node: string, listed: string }>} rows */
export const managerTable = (rows) =>
  table(
    ['package manager', 'version', 'line', 'tools run by Bun', 'tools run by Node', 'in a workspace, with a list of paths'],
    rows.map(({ name, version, line, bun, node, listed }) => [name, version, `\`${line}\``, bun, node, listed]),
  )

/** @param {Array<{ name: string, call: string, worker: string }>} rows */
export const hostTable = (rows) => table(['host', 'isolation "call"', 'isolation "worker"'], rows.map(({ name, call, worker }) => [name, call, worker]))

/** Replaces the tables of a page, in their order. @param {string} page @param {string[]} tables */
export function withTables(page, tables) {
  let next = 0
  return page.replace(/(?:^\|.*\n)+/gm, (found) => (tables[next] === undefined ? found : `${tables[next++]}\n`))
}
