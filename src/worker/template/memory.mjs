/**
 * The memory that the host maps too, descriptor 4. A process that serves one call maps it when it first prints, which
 * most never do. One that serves many must protect each call's frames from the other calls' tools: it maps the memory
 * before there are any, and closes the descriptor.
 */
import { builtin, mapFile } from './primordials.mjs'
import { MEMORY_FD } from './protocol.mjs'
import { settings } from './settings.mjs'

/** Paths of open descriptors. Rules of the sandbox name Linux's own. */
const OPEN_FILES = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'

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
    const mapped = mapFile(`${OPEN_FILES}/${MEMORY_FD}`, { shared: true })
    if (settings.isolation === 'worker') builtin('fs').closeSync(MEMORY_FD)
    return mapped
  } catch {
    // Where it cannot be mapped, frames inform the host.
    return null
  }
}

if (settings.isolation === 'worker') sharedMemory()

/** The same as 32-bit numbers. @param {Uint8Array} bytes */
export const numbersOf = (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2)
