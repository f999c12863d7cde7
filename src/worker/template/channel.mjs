/**
 * Frames over file descriptor 3: `u32 LE length of what follows | u8 kind | body`.
 *
 * Frames are appended to one buffer and written synchronously: when `flush` returns, the kernel has the bytes, and the
 * host receives them whatever the tool does next (loops for ever, kills itself). If the socket is full this waits, as
 * with a pipe, because the host always reads. Frames that may be numerous are written to the ring, where there is one;
 * the host reads that first.
 */
import { builtin, bun, byteLength, charCodeAt, copyInto, exit, newBuffer, pause, soon, utf8Slice, utf8Write, view } from './primordials.mjs'
import { CHANNEL_FD, LENGTH_BYTES, PRINTED } from './protocol.mjs'
import { hasRing, putInRing } from './ring.mjs'
import { settings } from './settings.mjs'

const SMALL = 64 * 1024
const LARGE = 1024 * 1024
const HEADER = LENGTH_BYTES + 1
const RING_FOR_ALL = settings.allInRing && settings.isolation === 'worker'
const PRINTED_FRAME = new Uint8Array([1, 0, 0, 0, PRINTED])

/** Frames that are not written yet: `out[0..end]`. */
let out = newBuffer(SMALL)
let end = 0
let flushing = false

/**
 * Writes as much of `bytes[from..to]` as possible; returns the number of bytes, 0 when the socket is full, < 0 when the
 * host is gone.
 * @type {(bytes: Uint8Array, from: number, to: number) => number}
 */
let writeSome = () => -1

/** @param {number} bytes */
function reserve(bytes) {
  if (out.length - end >= bytes) return
  const grown = newBuffer(end + bytes > out.length * 2 ? end + bytes : out.length * 2)
  copyInto(grown, out)
  out = grown
}

/** Starts a frame whose fixed fields take at most 64 bytes; returns its position for `finish`. @param {number} kind */
export function begin(kind) {
  reserve(HEADER + 64)
  const start = end
  out[start + 4] = kind
  end = start + HEADER
  return start
}

/** @param {number} value */
export function putByte(value) {
  out[end++] = value
}

/** @param {number} value */
export function putU32(value) {
  out[end] = value
  out[end + 1] = value >>> 8
  out[end + 2] = value >>> 16
  out[end + 3] = value >>> 24
  end += 4
}

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)
/** @param {number} value */
export function putF64(value) {
  double[0] = value
  for (let i = 0; i < 8; i++) out[end + i] = doubleBytes[i]
  end += 8
}

/** @param {string} text ASCII, at most 16 characters */
export function putAscii(text) {
  for (let i = 0; i < text.length; i++) out[end + i] = charCodeAt(text, i)
  end += text.length
}

/** @param {string} text */
export function putText(text) {
  // A UTF-16 unit becomes at most three bytes; counting exactly pays off only where the estimate would waste memory.
  const bytes = text.length * 3 <= SMALL ? text.length * 3 : byteLength(text)
  reserve(bytes)
  end += utf8Write(out, text, end, bytes)
}

/** @param {Uint8Array} bytes */
export function putBytes(bytes) {
  reserve(bytes.length)
  copyInto(out, bytes, end)
  end += bytes.length
}

/** @param {number} start */
export function finish(start) {
  const length = end - start - 4
  out[start] = length
  out[start + 1] = length >>> 8
  out[start + 2] = length >>> 16
  out[start + 3] = length >>> 24
}

/** Discards everything since `start`: the frame was a rehearsal. @param {number} start */
export function discard(start) {
  end = start
}

/** Whether every frame goes through the ring, and the channel only signals new ones. */
export const allInRing = () => RING_FOR_ALL && hasRing()

/** Writes all appended frames before it returns. */
export function flush() {
  flushing = false
  if (allInRing()) putInRing(out, 0, end, tellOfRing)
  else writeAll(out, end)
  end = 0
  if (out.length > LARGE) out = newBuffer(SMALL)
}

/** @param {Uint8Array} bytes @param {number} to */
function writeAll(bytes, to) {
  let from = 0
  let full = 0
  while (from < to) {
    const written = writeSome(bytes, from, to)
    if (written < 0) exit(0)
    from += written
    if (written > 0) full = 0
    // The reader usually runs on another core and needs microseconds; only after that does this sleep.
    else if (++full > 20) pause(0.5)
  }
}

/** Finishes a frame of output or progress; when this returns, the frame can no longer be lost. @param {number} start */
export function finishAside(start) {
  finish(start)
  if (allInRing() || !hasRing()) return flush()
  putInRing(out, start, end, tellOfRing)
  discard(start)
  if (out.length > LARGE && start === 0) out = newBuffer(SMALL)
}

/** Frames that wait in `out` are left there. */
const tellOfRing = () => writeAll(PRINTED_FRAME, HEADER)

/** Writes all appended frames at the end of this tick, together with those that are appended until then. */
export function flushSoon() {
  if (flushing) return
  flushing = true
  soon(flush)
}

/** Bytes of an unfinished frame. @type {Uint8Array | null} */
let unfinished = null
let unfinishedLength = 0

/** @param {Uint8Array} bytes @param {number} at */
const u32 = (bytes, at) => (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0

/**
 * Passes every whole frame of `bytes[0..length]` to `handle`; returns the number of bytes consumed.
 * @param {Uint8Array} bytes
 * @param {number} length
 * @param {(kind: number, text: string) => void} handle
 */
function frames(bytes, length, handle) {
  let at = 0
  while (length - at >= HEADER) {
    const next = at + 4 + u32(bytes, at)
    if (next > length) break
    handle(bytes[at + 4], utf8Slice(bytes, at + HEADER, next))
    at = next
  }
  return at
}

/** @param {Uint8Array} chunk @param {(kind: number, text: string) => void} handle */
function receive(chunk, handle) {
  if (unfinished === null) {
    const used = frames(chunk, chunk.length, handle)
    if (used < chunk.length) hold(chunk, used)
    return
  }
  // The buffer of a large frame gets its full size once the length is known, so each chunk is copied once.
  if (unfinished.length < unfinishedLength + chunk.length) {
    const grown = newBuffer(unfinishedLength + chunk.length)
    copyInto(grown, view(unfinished, 0, unfinishedLength))
    unfinished = grown
  }
  copyInto(unfinished, chunk, unfinishedLength)
  unfinishedLength += chunk.length
  if (unfinishedLength < HEADER) return
  const needed = 4 + u32(unfinished, 0)
  if (unfinishedLength < needed) {
    if (unfinished.length < needed) {
      const grown = newBuffer(needed)
      copyInto(grown, view(unfinished, 0, unfinishedLength))
      unfinished = grown
    }
    return
  }
  const whole = unfinished
  const length = unfinishedLength
  unfinished = null
  const used = frames(whole, length, handle)
  if (used < length) hold(view(whole, 0, length), used)
}

/**
 * Passes a frame to `handle` as if the host had sent it.
 * @param {number} kind
 * @param {string} text
 * @param {(kind: number, text: string) => void} handle
 */
export function rehearse(kind, text, handle) {
  const start = begin(kind)
  putText(text)
  finish(start)
  const frame = newBuffer(end - start)
  copyInto(frame, view(out, start, end))
  discard(start)
  frames(frame, frame.length, handle)
}

/** @param {Uint8Array} bytes @param {number} used */
function hold(bytes, used) {
  unfinishedLength = bytes.length - used
  const needed = unfinishedLength >= 4 ? 4 + u32(bytes, used) : 0
  unfinished = newBuffer(needed > unfinishedLength ? needed : unfinishedLength)
  copyInto(unfinished, view(bytes, used, bytes.length))
}

/**
 * Connects to the host. The process ends when the host's end is closed.
 * @param {(kind: number, text: string) => void} handle
 * @param {(error: unknown) => void} onError receives what `handle` throws, where the runtime would swallow it
 */
export function connect(handle, onError) {
  if (bun) {
    bun.connect({
      fd: CHANNEL_FD,
      socket: {
        open(socket) {
          const write = socket.write.bind(socket)
          writeSome = (bytes, from, to) => write(bytes, from, to - from)
        },
        data: (_, chunk) => receive(chunk, handle),
        error: (_, error) => onError(error),
        end: () => exit(0),
        close: () => exit(0),
      },
    })
    return
  }
  const { writeSync } = builtin('fs')
  writeSome = (bytes, from, to) => {
    try {
      return writeSync(CHANNEL_FD, bytes, from, to - from)
    } catch (error) {
      return /** @type {any} */ (error).code === 'EAGAIN' ? 0 : -1
    }
  }
  const socket = new (builtin('net').Socket)({ fd: CHANNEL_FD, readable: true, writable: false })
  socket.on('data', (chunk) => receive(/** @type {Uint8Array} */ (chunk), handle))
  socket.on('error', () => exit(0))
  socket.on('close', () => exit(0))
}
