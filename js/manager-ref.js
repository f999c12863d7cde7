/**
 * Letting go of managers that nobody uses any more.
 *
 * The addon holds the function it wakes its manager with for as long as it lives. Were the manager held by that function,
 * one that was dropped without close() would stay for ever, with its processes and descriptors.
 */

import * as atExit from './at-exit.js'

/**
 * How the addon reaches its manager: strongly while somebody waits for the manager, weakly otherwise.
 * @template {object} T
 */
export class ManagerRef {
  /** @type {WeakRef<T> | null} */ #weak
  /** @type {T | null} */ #strong = null

  /** @param {T} manager */
  constructor(manager) {
    this.#weak = new WeakRef(manager)
  }

  /** Does nothing once the manager was collected or has been closed. @param {(manager: T) => void} action */
  use(action) {
    const manager = this.#strong ?? this.#weak?.deref()
    if (manager !== undefined) action(manager)
  }

  /** Somebody waits for it: it stays. @param {T} manager */
  hold(manager) {
    this.#strong = manager
  }

  /** Nobody waits for it. */
  release() {
    this.#strong = null
  }

  /** Nothing is to reach it any more. */
  end() {
    this.#strong = null
    this.#weak = null
  }
}

/** @type {FinalizationRegistry<{ native: { abandon(): void }, keepAlive: { end(): void } }>} */
const dropped = new FinalizationRegistry(({ native, keepAlive }) => {
  keepAlive.end()
  atExit.closed(native)
  // Its processes end and its worker file goes, as when the host ends. After close() this does nothing.
  native.abandon()
})

/**
 * Ends what belongs to a manager once the manager itself was collected.
 * @param {object} manager @param {{ abandon(): void }} native @param {{ end(): void }} keepAlive
 */
export const endWhenCollected = (manager, native, keepAlive) => dropped.register(manager, { native, keepAlive })
