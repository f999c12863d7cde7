/**
 * Events from the core, in batches: all text as one string, and three numbers for each event. They are split here; the
 * manager interprets them.
 */

import { EVENT_FIELD, EVENT_FIELDS, NO_TEXT } from './native-protocol.js'

/** Events that cross at once, at most. */
const MOST = 256

export class EventBatch {
  /** The number of events, then the events. */
  #head = new Uint32Array(1 + EVENT_FIELDS * MOST)

  /**
   * Takes the events since the last call, as many as cross at once; false when there were none.
   * @param {import('./native-interface.d.ts').NativeManager} native
   * @param {(kind: number, number: number, text: string | null) => void} happened
   */
  take(native, happened) {
    const head = this.#head
    const text = native.drain(head)
    const end = 1 + /** @type {number} */ (head[0]) * EVENT_FIELDS
    let from = 0
    for (let at = 1; at < end; at += EVENT_FIELDS) {
      const length = /** @type {number} */ (head[at + EVENT_FIELD.text])
      const until = length === NO_TEXT ? from : from + length
      const own = length === NO_TEXT ? null : text.slice(from, until)
      from = until
      happened(/** @type {number} */ (head[at + EVENT_FIELD.kind]), /** @type {number} */ (head[at + EVENT_FIELD.number]), own)
    }
    return end > 1
  }
}
