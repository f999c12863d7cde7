/**
 * Execution ids: UUID version 7. They are made on this side so that a call that never reaches the core (already
 * aborted, manager closed) has one too.
 */

import { randomFillSync } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Random bytes are fetched for many ids at once: one fetch costs more than all the rest. */
const pool = new Uint8Array(10 * 256)
let used = pool.length

/** The part that is the same for all ids of one millisecond. */
let millisecond = 0
let time = ''

/** @param {number} index */
const hex = (index) => HEX[/** @type {number} */ (pool[index])]

/** @returns {string} */
export function newExecId() {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const at = used
  used += 10
  pool[at] = (/** @type {number} */ (pool[at]) & 0x0f) | 0x70
  pool[at + 2] = (/** @type {number} */ (pool[at + 2]) & 0x3f) | 0x80
  const now = Date.now()
  if (now !== millisecond) {
    millisecond = now
    const digits = now.toString(16).padStart(12, '0')
    time = `${digits.slice(0, 8)}-${digits.slice(8)}-`
  }
  return (
    `${time}${hex(at)}${hex(at + 1)}-${hex(at + 2)}${hex(at + 3)}-` +
    `${hex(at + 4)}${hex(at + 5)}${hex(at + 6)}${hex(at + 7)}${hex(at + 8)}${hex(at + 9)}`
  )
}
