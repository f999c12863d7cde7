/**
 * On Bun an addon cannot wait on the event loop, but Bun's own sockets can: the core hands over one for each process, which
 * becomes readable when there is something for the core to read.
 */

import process from 'node:process'

/** The core's numbers for how this host wakeUpMode of what processes say. */
const UV = 1
const SOCKETS = 2

export const wakeUpMode = () => (process.versions.bun === undefined ? UV : SOCKETS)

/** @param {{ unref(): void }} socket */
const unref = (socket) => socket.unref()

/**
 * Takes the descriptor. It keeps nobody alive, and is closed when the process has closed its end.
 * @param {number} descriptor @param {(ended: boolean) => void} onReadable
 */
export async function listen(descriptor, onReadable) {
  const told = () => onReadable(false)
  const ended = () => onReadable(true)
  try {
    const { Bun } = /** @type {any} */ (globalThis)
    await Bun.connect({ fd: descriptor, socket: { open: unref, data: told, error: ended, close: ended } })
  } catch {
    // Not heard of, what comes is read by the driver, as with a host that is busy elsewhere.
    ended()
  }
}
