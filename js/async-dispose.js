// Node's own classes use the second symbol if a runtime has no Symbol.asyncDispose.
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')

/** Lets `await using` close a manager. @param {{ close(): Promise<void> }} prototype of its class */
export function addAsyncDispose(prototype) {
  Object.defineProperty(prototype, asyncDispose, {
    /** @this {{ close(): Promise<void> }} */
    value() {
      return this.close()
    },
    configurable: true,
    writable: true,
  })
}
