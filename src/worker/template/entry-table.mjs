/**
 * The entry table: numbers behind the ring in shared memory. At the slot that the host assigned to a call, the worker
 * stores the call's number when it enters the call. This saves a frame with two system calls per call, and it is
 * correct even if the tool never yields the thread.
 */
import { numbersOf, sharedMemory } from './memory.mjs'
import { RING_SIZE, RING_START } from './protocol.mjs'
import { settings } from './settings.mjs'

const entryTable = openEntryTable()

function openEntryTable() {
  const memory = settings.isolation === 'worker' && settings.concurrent > 1 ? sharedMemory() : null
  return memory === null ? null : numbersOf(memory)
}

export const hasEntryTable = entryTable !== null
const firstSlot = entryTable === null ? 0 : (RING_START + entryTable[RING_SIZE]) >>> 2

/** @param {number} slot @param {number} number */
export function noteEntered(slot, number) {
  if (entryTable !== null) entryTable[firstSlot + slot] = number
}
