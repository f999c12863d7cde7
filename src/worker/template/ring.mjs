/**
 * A ring buffer in shared memory: the output of tools, without a system call for each line. The memory outlives the
 * process, so the host receives everything, whatever the tool does next. The host is notified when it has asked for
 * that.
 */
import { numbersOf, sharedMemory } from './memory.mjs'
import { atomicLoad, atomicStore, copyInto, pause, view } from './primordials.mjs'
import { RING_READ, RING_SIZE, RING_START, RING_WANTED, RING_WRITTEN } from './protocol.mjs'

/** Up to this length bytes are copied one by one, because a function call costs more than a line is long. */
const SHORT = 256
/** How often this waits half a millisecond for room before the host is notified once more. The host may be gone. */
const PATIENCE = 200

/** @type {Uint8Array | null | undefined} */
let ring
/** @type {Uint32Array} */
let ringNumbers
let ringSize = 0
let ringWritten = 0

function openRing() {
  ring = sharedMemory()
  if (ring === null) return false
  ringNumbers = numbersOf(ring)
  ringSize = ringNumbers[RING_SIZE]
  if (ringSize === 0) {
    ring = null
    return false
  }
  ringWritten = atomicLoad(ringNumbers, RING_WRITTEN)
  return true
}

/** Frames use the channel from now on. */
export function closeRing() {
  ring = null
}

/** The memory is another one, in the place of the former. */
export function reopenRing() {
  ring = undefined
}

/** Whether there is a ring. */
export const hasRing = () => (ring === undefined ? openRing() : ring !== null)

/**
 * Appends `source[from..to]` and waits for room where there is none, because the host always reads.
 * @param {Uint8Array} source
 * @param {number} from
 * @param {number} to
 * @param {() => void} tell wakes the host
 */
export function putInRing(source, from, to, tell) {
  let looks = 0
  while (from < to) {
    const room = ringSize - ((ringWritten - atomicLoad(ringNumbers, RING_READ)) >>> 0)
    if (room > 0) {
      const at = ringWritten % ringSize
      let count = to - from < room ? to - from : room
      if (count > ringSize - at) count = ringSize - at
      copyToRing(source, from, from + count, RING_START + at)
      from += count
      ringWritten = (ringWritten + count) >>> 0
      atomicStore(ringNumbers, RING_WRITTEN, ringWritten)
      looks = 0
    } else {
      if (looks++ % PATIENCE === 0) announce(tell)
      pause(0.5)
    }
  }
  if (atomicLoad(ringNumbers, RING_WANTED) !== 0) announce(tell)
}

/** @param {() => void} tell */
function announce(tell) {
  atomicStore(ringNumbers, RING_WANTED, 0)
  tell()
}

/** @param {Uint8Array} source @param {number} from @param {number} to @param {number} at */
function copyToRing(source, from, to, at) {
  const target = /** @type {Uint8Array} */ (ring)
  if (to - from > SHORT) return copyInto(target, view(source, from, to), at)
  for (let i = from; i < to; i++) target[at++] = source[i]
}
