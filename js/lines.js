/** Printed lines as the core sends them (src/binding/lines.rs), many in one text. */

/** Tool and execution, which all lines of a text have in common. */
const HEAD = 2
/** Stream, level, time, text. */
const FIELDS = 4

/** @param {string} json @param {(entry: import('../index.d.ts').LogEntry) => void} tell */
export function eachLine(json, tell) {
  const list = JSON.parse(json)
  const [toolId, toolExecId] = list
  let time = 0
  for (let at = HEAD; at < list.length; at += FIELDS) {
    // Null: as the line before.
    time = list[at + 2] ?? time
    tell({ toolId, toolExecId, stream: list[at], level: list[at + 1], text: list[at + 3], time })
  }
}
