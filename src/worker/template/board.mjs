/**
 * The board, numbers behind the ring in shared memory: that of each call that was entered, at the slot the host gave the call. It
 * spares a frame and its two system calls per call, and it is true even if the tool never lets go of the thread.
 */
import { numbersOf, sharedMemory } from './memory.mjs'
import { RING_SIZE, RING_START } from './protocol.mjs'
import { settings } from './settings.mjs'

const board = openBoard()

function openBoard() {
  const memory = settings.isolation === 'worker' && settings.concurrent > 1 ? sharedMemory() : null
  return memory === null ? null : numbersOf(memory)
}

export const hasBoard = board !== null
const firstSlot = board === null ? 0 : (RING_START + board[RING_SIZE]) >>> 2

/** @param {number} slot @param {number} number */
export function noteEntered(slot, number) {
  if (board !== null) board[firstSlot + slot] = number
}
