/**
 * An EventEmitter that knows when its listeners change and whose listeners cannot disturb it.
 *
 * The changes are seen by overriding the methods: 'newListener' and 'removeListener' handlers would be visible to users
 * and would be lost with their own removeAllListeners().
 */

import { EventEmitter } from 'node:events'
import { raiseLater } from './raise-later.js'

/** @typedef {(...args: any[]) => void} Listener */
/** @typedef {string | symbol} Name */

export class ObservedEmitter extends EventEmitter {
  /** Called after listeners were added or removed. */
  listenersChanged() {}

  /**
   * Tells every listener; what one throws neither reaches the caller nor keeps it from the others.
   * @param {string} event
   * @param {unknown[]} values
   */
  tell(event, ...values) {
    for (const listener of this.rawListeners(event)) {
      try {
        Reflect.apply(listener, this, values)
      } catch (error) {
        raiseLater(error)
      }
    }
  }

  /** @param {Name} event @param {Listener} listener @override */
  on(event, listener) {
    super.on(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  addListener(event, listener) {
    super.addListener(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  prependListener(event, listener) {
    super.prependListener(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  once(event, listener) {
    super.once(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  prependOnceListener(event, listener) {
    super.prependOnceListener(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  off(event, listener) {
    super.off(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  removeListener(event, listener) {
    super.removeListener(event, listener)
    this.listenersChanged()
    return this
  }

  /** @param {Name} [event] @override */
  removeAllListeners(event) {
    // Node tells "no argument" from undefined by the number of arguments.
    if (event === undefined) super.removeAllListeners()
    else super.removeAllListeners(event)
    this.listenersChanged()
    return this
  }
}
