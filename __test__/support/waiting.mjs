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

/** Resolves with the first truthy value of `condition`, or of its promise, for changes of the system that cause no event. */
export async function until(condition, what, bound = HANG_BOUND) {
  const end = Date.now() + bound
  let value = await condition()
  while (!value && Date.now() <= end) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    value = await condition()
  }
  if (value) return value
  throw new Error(`hung: ${what}`)
}

/**
 * Resolves when the clock has gone on by so many milliseconds at least. For tests whose subject is a duration that must pass, such as
 * a deadline of a host that stands still; never to give something the time to happen.
 */
export function passes(duration) {
  const start = performance.now()
  return until(() => performance.now() - start >= duration, `${duration} ms to pass`, duration + HANG_BOUND)
}
