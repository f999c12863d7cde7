/**
 * On Bun an addon cannot wait on the event loop, but Bun's own sockets can: the core hands over one for each process, which
 * becomes readable when there is something for the core to read.
 */

import process from 'node:process'
import { READINESS } from './native-protocol.js'

export const hears = () => (process.versions.bun === undefined ? READINESS.eventLoop : READINESS.sockets)

/** @param {{ unref(): void }} socket */
const unref = (socket) => socket.unref()

/**
 * Takes the descriptor. It keeps nobody alive, and is closed when the process has closed its end.
 * @param {number} descriptor @param {(ended: boolean) => void} rang
 */
export async function listen(descriptor, rang) {
  const told = () => rang(false)
  const ended = () => rang(true)
  try {
    const { Bun } = /** @type {any} */ (globalThis)
    await Bun.connect({ fd: descriptor, socket: { open: unref, data: told, error: ended, close: ended } })
  } catch {
    // Not heard of, what comes is read by the driver, as with a host that is busy elsewhere.
    ended()
  }
}
