/**
 * Settles as the promise does. After `bound` milliseconds, when the promise must have hung, it rejects with an error that names `what`.
 * @template T @param {Promise<T>} promise @param {string} what @param {number} bound milliseconds @returns {Promise<T>}
 */
export async function bounded(promise, what, bound) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hung: ${what}`)), bound)
  })
  try {
    return /** @type {T} */ (await Promise.race([promise, hung]))
  } finally {
    clearTimeout(timer)
  }
}
