/**
 * Events from the core, in batches: all text as one string, and three numbers for each event. They are split here; the
 * manager interprets them.
 */

/** Kinds of events. */
export const Kind = {
  RESULT: 0, // JSON text, null for undefined
  ERROR: 1, // ErrorData
  LOG: 2, // lines, see lines.js
  PROGRESS: 3, // JSON text
  RECORD: 4, // ExecutionRecord
  READY: 5, // null or ErrorData
  DRAIN: 6,
  CLOSED: 7,
  TOOLS: 8, // ToolInfo[]
  NO_TOOLS: 9, // ErrorData
  LISTEN: 10, // the number is a descriptor, which the host now owns
}

/** Numbers per event: kind, call or question, length of its text. */
const FIELDS = 3
/** Events that cross at once, at most. */
const MOST = 256
/** The length of an absent text. */
const NONE = 0xffffffff

export class EventBatch {
  /** The number of events, then the events. */
  #head = new Uint32Array(1 + FIELDS * MOST)

  /**
   * Takes the events since the last call, as many as cross at once; false when there were none.
   * @param {import('./native-interface.d.ts').NativeManager} native
   * @param {(kind: number, number: number, text: string | null) => void} happened
   */
  take(native, happened) {
    const head = this.#head
    const text = native.drain(head)
    const end = 1 + /** @type {number} */ (head[0]) * FIELDS
    let from = 0
    for (let at = 1; at < end; at += FIELDS) {
      const length = /** @type {number} */ (head[at + 2])
      const until = length === NONE ? from : from + length
      const own = length === NONE ? null : text.slice(from, until)
      from = until
      happened(/** @type {number} */ (head[at]), /** @type {number} */ (head[at + 1]), own)
    }
    return end > 1
  }
}
