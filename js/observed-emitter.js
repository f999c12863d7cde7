/**
 * An EventEmitter that knows when its listeners change, whose listeners cannot disturb it, and whose listeners run in
 * the asynchronous context in which they were added, whatever context the event comes from.
 *
 * Changes are detected by overriding the methods: 'newListener' and 'removeListener' handlers would be visible to
 * users, and their removeAllListeners() would remove them.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { raiseLater } from './raise-later.js'

/** @typedef {(...args: any[]) => void} Listener */
/** @typedef {string | symbol} Name */

/** @typedef {(action: () => void) => void} InContext */

export class ObservedEmitter extends EventEmitter {
  /**
   * The context of each listener, by event and by the function that rawListeners() returns for it.
   * @type {Map<Name, WeakMap<Function, InContext>>}
   */
  #contexts = new Map()

  /** Called after listeners were added or removed. */
  listenersChanged() {}

  /**
   * Calls every listener; an exception of one reaches neither the caller nor the other listeners.
   * @param {string} event
   * @param {unknown[]} values
   */
  tell(event, ...values) {
    const contexts = this.#contexts.get(event)
    for (const listener of this.rawListeners(event)) {
      const call = () => {
        try {
          Reflect.apply(listener, this, values)
        } catch (error) {
          raiseLater(error)
        }
      }
      const inContext = contexts?.get(listener)
      if (inContext === undefined) call()
      else inContext(call)
    }
  }

  /** @param {Name} event @param {'first' | 'last'} place where the new listener stands */
  #added(event, place) {
    const listener = this.rawListeners(event).at(place === 'first' ? 0 : -1)
    if (listener !== undefined) {
      const contexts = this.#contexts.get(event) ?? new WeakMap()
      this.#contexts.set(event, contexts.set(listener, AsyncLocalStorage.snapshot()))
    }
    this.listenersChanged()
    return this
  }

  /** @param {Name} event @param {Listener} listener @override */
  on(event, listener) {
    super.on(event, listener)
    return this.#added(event, 'last')
  }

  /** @param {Name} event @param {Listener} listener @override */
  addListener(event, listener) {
    super.addListener(event, listener)
    return this.#added(event, 'last')
  }

  /** @param {Name} event @param {Listener} listener @override */
  prependListener(event, listener) {
    super.prependListener(event, listener)
    return this.#added(event, 'first')
  }

  /** @param {Name} event @param {Listener} listener @override */
  once(event, listener) {
    super.once(event, listener)
    return this.#added(event, 'last')
  }

  /** @param {Name} event @param {Listener} listener @override */
  prependOnceListener(event, listener) {
    super.prependOnceListener(event, listener)
    return this.#added(event, 'first')
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
    // Node distinguishes "no argument" from undefined by the number of arguments.
    if (event === undefined) super.removeAllListeners()
    else super.removeAllListeners(event)
    this.listenersChanged()
    return this
  }
}
