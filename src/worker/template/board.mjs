/**
 * A page of memory that the host reads: the number of each call that was entered, at the slot the host gave the call. It
 * spares a frame and its two system calls per call, and it is true even if the tool never lets go of the thread.
 */
import { bun } from './primordials.mjs'
import { settings } from './settings.mjs'

const board = openBoard()

function openBoard() {
  if (bun === null || !settings.board) return null
  try {
    const bytes = bun.mmap('/proc/self/fd/4', { shared: true })
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)
  } catch {
    // Where it cannot be had the host is told by frames.
    return null
  }
}

export const hasBoard = board !== null

/** @param {number} slot @param {number} number */
export function noteEntered(slot, number) {
  if (board !== null) board[slot] = number
}
