import { HANG_BOUND } from './settings.mjs'

/**
 * Settles as the promise does, or fails with a message that names `what` if that takes so long that it must have hung.
 */
export async function bounded(promise, what, bound = HANG_BOUND) {
  let timer
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hung: ${what}`)), bound)
  })
  try {
    return await Promise.race([promise, hung])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves with the first truthy value of `condition`, for changes of the system that cause no event. */
export async function until(condition, what, bound = HANG_BOUND) {
  const end = Date.now() + bound
  for (;;) {
    const value = condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`hung: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
