/**
 * Abandons managers that are still open when their host ends. Their processes would end anyway, but the worker file
 * would stay in the project until the next manager of the directory finds it.
 */

import process from 'node:process'

/** @type {Set<{ abandon(): void }>} */
const open = new Set()
let listening = false

const abandonAll = () => {
  for (const native of open) native.abandon()
}

/** @param {{ abandon(): void }} native */
export function opened(native) {
  open.add(native)
  if (listening) return
  listening = true
  process.on('exit', abandonAll)
}

/** @param {{ abandon(): void }} native */
export const closed = (native) => open.delete(native)
