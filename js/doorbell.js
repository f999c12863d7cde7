/**
 * Wakes a Bun host. An addon cannot wait on Bun's event loop, but Bun's own sockets can: the core creates a socket for
 * each process, which becomes readable when there is something for the core to read.
 */

import process from 'node:process'
import { WAKE_UP_MODE } from './native-protocol.js'

/** Any other number: the addon's own thread reads, and its calls wake the host. */
const NOT_AT_ALL = 0

/**
 * Deno looks like Node and exports libuv's functions, but its event loop is another one and never calls back.
 * @param {Record<string, string | undefined>} [versions]
 */
export function wakeUpMode({ bun, deno } = process.versions) {
  if (bun !== undefined) return WAKE_UP_MODE.sockets
  return deno === undefined ? WAKE_UP_MODE.eventLoop : NOT_AT_ALL
}

/** @param {{ unref(): void }} socket */
const unref = (socket) => socket.unref()

/**
 * Takes ownership of the descriptor. The socket does not keep the host alive, and is closed when the process has closed
 * its end.
 * @param {number} descriptor
 * @param {(ended: boolean) => void} onReadable
 */
export async function listen(descriptor, onReadable) {
  const readable = () => onReadable(false)
  const ended = () => onReadable(true)
  try {
    const { Bun } = /** @type {any} */ (globalThis)
    await Bun.connect({ fd: descriptor, socket: { open: unref, data: readable, error: ended, close: ended } })
  } catch {
    // Where Bun rejects the socket, the driver thread reads the channel.
    ended()
  }
}
