/** Decodes printed lines as the core sends them (src/binding/lines.rs), many in one text. */

/** Tool and execution, which all lines of a text have in common. */
const HEAD = 2
/** Stream, level, time, text. */
const FIELDS = 4

/** @param {string} json @returns {import('../index.d.ts').LogEntry[]} */
export function logEntries(json) {
  const list = JSON.parse(json)
  const [toolId, toolExecId] = list
  const entries = []
  let time = 0
  for (let at = HEAD; at < list.length; at += FIELDS) {
    // Null means the time of the previous line.
    time = list[at + 2] ?? time
    entries.push({ toolId, toolExecId, stream: list[at], level: list[at + 1], text: list[at + 3], time })
  }
  return entries
}
