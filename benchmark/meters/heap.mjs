/**
 * Makes the heap of this process as large as a busy server's: a fork copies page tables, whose size follows that of the
 * heap.
 */

const MIB = 1024 * 1024
const BYTES_PER_NUMBER = 8

const fractions = (at) => Array.from({ length: MIB / BYTES_PER_NUMBER }, (_, place) => at + place + 0.5)

/** @param {number} mib @returns {{ release(): void }} */
export function fillHeap(mib) {
  // One array per MiB, filled with fractions: they are pages of the engine's own heap, and every one of them is written
  // to.
  let held = Array.from({ length: mib }, (_, at) => fractions(at))
  return {
    release() {
      held = []
    },
    get size() {
      return held.length
    },
  }
}
