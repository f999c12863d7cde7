/** A promise, and the function that resolves it. @returns {{ promise: Promise<void>, done: () => void }} */
export function deferred() {
  let done
  const promise = new Promise((resolve) => {
    done = resolve
  })
  return { promise, done: /** @type {any} */ (done) }
}
