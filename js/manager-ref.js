/**
 * Lets unused managers be garbage-collected.
 *
 * The addon keeps the function that wakes its manager for as long as the addon's manager lives. If that function
 * referred to the manager strongly, a manager that was dropped without close() would stay for ever, with its processes
 * and descriptors.
 */

import * as atExit from './at-exit.js'

/**
 * The addon's reference to its manager: strong while somebody waits for the manager, weak otherwise.
 * @template {object} T
 */
export class ManagerRef {
  /** @type {WeakRef<T> | null} */ #weak
  /** @type {T | null} */ #strong = null

  /** @param {T} manager */
  constructor(manager) {
    this.#weak = new WeakRef(manager)
  }

  /** Does nothing once the manager was collected or closed. @param {(manager: T) => void} action */
  use(action) {
    const manager = this.#strong ?? this.#weak?.deref()
    if (manager !== undefined) action(manager)
  }

  /** Somebody waits for the manager, so it is kept. @param {T} manager */
  hold(manager) {
    this.#strong = manager
  }

  /** Nobody waits for it. */
  release() {
    this.#strong = null
  }

  /** The manager is closed: nothing can reach it any more. */
  end() {
    this.#strong = null
    this.#weak = null
  }
}

/** @type {FinalizationRegistry<{ native: { abandon(): void }, keepAlive: { end(): void } }>} */
const dropped = new FinalizationRegistry(({ native, keepAlive }) => {
  keepAlive.end()
  atExit.closed(native)
  // Its processes end and its worker file is removed, as when the host ends. After close() this does nothing.
  native.abandon()
})

/**
 * Releases what belongs to a manager once the manager itself was collected.
 * @param {object} manager
 * @param {{ abandon(): void }} native
 * @param {{ end(): void }} keepAlive
 */
export const endWhenCollected = (manager, native, keepAlive) => dropped.register(manager, { native, keepAlive })
