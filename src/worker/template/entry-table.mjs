/**
 * The entryTable, numbers behind the ring in shared memory: that of each call that was entered, at the slot the host gave the call. It
 * spares a frame and its two system calls per call, and it is true even if the tool never lets go of the thread.
 */
import { numbersOf, RING, RING_SIZE, sharedMemory } from './memory.mjs'
import { settings } from './settings.mjs'

const entryTable = openEntryTable()

function openEntryTable() {
  const memory = settings.isolation === 'worker' && settings.concurrent > 1 ? sharedMemory() : null
  return memory === null ? null : numbersOf(memory)
}

export const hasEntryTable = entryTable !== null
const firstSlot = entryTable === null ? 0 : (RING + entryTable[RING_SIZE]) >>> 2

/** @param {number} slot @param {number} number */
export function noteEntered(slot, number) {
  if (entryTable !== null) entryTable[firstSlot + slot] = number
}
