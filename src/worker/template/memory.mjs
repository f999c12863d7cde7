/** Memory that the host maps too, descriptor 4. Looked at when first needed: most processes that serve one call never do. */
import { mapFile } from './primordials.mjs'
import { settings } from './settings.mjs'

/** @type {Uint8Array | null | undefined} */
let memory

/** All of it; null where there is none. */
export function sharedMemory() {
  if (memory === undefined) memory = mapMemory()
  return memory
}

function mapMemory() {
  if (mapFile === null || !settings.sharedMemory) return null
  try {
    return mapFile('/proc/self/fd/4', { shared: true })
  } catch {
    // Where it cannot be had the host is told by frames.
    return null
  }
}

/** The same as numbers. @param {Uint8Array} bytes */
export const numbersOf = (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)

/** The ring begins here, in bytes; before it are numbers about it. */
export const RING = 256
/** Where to find the bytes the ring has. */
export const RING_SIZE = 48
