/**
 * Execution ids: UUID version 7. They are generated in JavaScript so that a call that never reaches the core (already
 * aborted, manager closed) has one too.
 *
 * Within a millisecond they differ in a counter of twelve bits, in the place that RFC 9562 provides for one (section
 * 6.2, method 1), so that they sort in the order in which they were made; each millisecond has its own random bits.
 */

import { randomFillSync } from 'node:crypto'

const LAST = 0xfff
/** Random bytes for one millisecond. */
const BITS = 8
/** Random bytes are fetched for many milliseconds at once, because one fetch costs more than everything else here. */
const random = new Uint8Array(BITS * 512)
let used = random.length

let millisecond = 0
let counter = LAST
/** The text before and after the counter, the same for all ids of one millisecond. */
let before = ''
let after = ''

/** @param {number} value @param {number} digits */
const hex = (value, digits) => value.toString(16).padStart(digits, '0')

/** The counter's digits, precomputed. */
const COUNTS = Array.from({ length: LAST + 1 }, (_, count) => hex(count, 3))

/** @param {number} now */
function begin(now) {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  millisecond = now
  counter = 0
  const time = hex(now, 12)
  before = `${time.slice(0, 8)}-${time.slice(8)}-7`
  const [first = 0, second = 0, ...rest] = random.subarray(used, (used += BITS))
  after = `-${hex((first & 0x3f) | 0x80, 2)}${hex(second, 2)}-${rest.map((byte) => hex(byte, 2)).join('')}`
}

/** @returns {string} */
export function newExecId() {
  const now = Date.now()
  if (now !== millisecond || counter > LAST) begin(now)
  return before + COUNTS[counter++] + after
}
